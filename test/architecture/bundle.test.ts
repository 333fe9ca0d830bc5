import assert from 'node:assert/strict';
import { readFileSync, realpathSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { parseSync } from 'oxc-parser';
import { BUNDLING } from '../../worker/bundling.ts';
import { ROOT } from './imports.ts';

const OURS = ['api', 'core', 'workflows'];
/** What the SDK brings with it. */
const THE_SDK = ['@temporalio', 'nexus-rpc', 'long'];
/** Packages may be shared by several work trees, by a link. */
const PACKAGES = realpathSync(join(ROOT, 'node_modules'));
/** The SDK's own part is about 520 kB; what is ours is small, and each worker thread holds a copy. */
const BUDGET_BYTES = 980_000;

describe('the workflow bundle', async () => {
  const modules: string[] = [];
  const { code } = await bundleWorkflowCode({
    ...BUNDLING,
    logger: new DefaultLogger('ERROR'),
    webpackConfigHook: (config) => ({
      ...BUNDLING.webpackConfigHook?.(config),
      plugins: [
        ...(config.plugins ?? []),
        (compiler) => {
          compiler.hooks.compilation.tap('modules', (compilation) => {
            compilation.hooks.succeedModule.tap('modules', (entered) => {
              if ('resource' in entered) modules.push(String(entered.resource));
            });
          });
        },
      ],
    }),
  });

  it('holds api, core and workflows, and of others only the SDK', () => {
    const known = [...OURS.map((room) => join(ROOT, room)), ...THE_SDK.map((name) => join(PACKAGES, name))];
    const strangers = modules.filter((file) => !known.some((folder) => file.startsWith(`${folder}/`)));
    assert.deepEqual(strangers, []);
  });

  it('holds no state in a module: all workflows of a worker share its modules', () => {
    const ours = modules.filter((file) =>
      OURS.some((room) => file.startsWith(`${join(ROOT, room)}/`) && file.endsWith('.ts')),
    );
    const variables = ours.flatMap((file) =>
      parseSync(file, readFileSync(file, 'utf8')).program.body.flatMap((statement) => {
        const inner = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
        const isVariable = inner?.type === 'VariableDeclaration' && inner.kind !== 'const';
        return isVariable ? [relative(ROOT, file)] : [];
      }),
    );
    assert.ok(ours.length > 0);
    assert.deepEqual(variables, []);
  });

  it('holds what it is for', () => {
    const files = modules.map((file) => relative(ROOT, file));
    assert.ok(files.includes('workflows/index.ts'));
    assert.ok(files.includes('core/rollout/next-step.ts'));
  });

  it(`stays below ${BUDGET_BYTES} bytes without its source map`, () => {
    const [program = ''] = code.split('\n//# sourceMappingURL=');
    assert.ok(
      program.length > 0 && program.length < BUDGET_BYTES,
      `${program.length} bytes: see what has entered since`,
    );
  });
});
