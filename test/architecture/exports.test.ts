import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { ROOT } from './imports.ts';

const NAMES = `
  DEFAULT_STAGE_DEADLINE InvalidResource ServerGone Unreachable check configMap cronJob customResource daemonSet defineOperator
  deployment differenceOf externalKind horizontalPodAutoscaler inOrder ingress invalid job networkPolicy object
  persistentVolumeClaim plan podDisruptionBudget ready
  role roleBinding secret service serviceAccount statefulSet
`;
/** Declarations that authors compile against, and messages that others send. */
const PROMISED = ['index.d.ts', 'api/*.d.ts', 'workflows/messages.d.ts'];

const emitted = mkdtempSync(join(tmpdir(), 'durable-operator-api-'));
after(() => rmSync(emitted, { recursive: true }));

describe('the public API', () => {
  it('has these names, and at most 30, in the door of authors', async () => {
    const names = Object.keys(await import('durable-operator')).sort();
    assert.deepEqual(names, NAMES.trim().split(/\s+/).sort());
    assert.ok(names.length <= 30, `${names.length} names are too many to remember`);
  });

  it('opens every door of package.json', async () => {
    const { exports } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { exports: object };
    for (const door of Object.keys(exports).filter((each) => !each.endsWith('.json'))) {
      const module = (await import(`durable-operator${door.slice(1)}`)) as object;
      assert.notEqual(Object.keys(module).length, 0, `${door} exports nothing`);
    }
  });

  it('has the declarations of docs/api (UPDATE_API=1 writes them)', async () => {
    const tsc = join(ROOT, 'node_modules/.bin/tsc');
    await promisify(execFile)(tsc, ['-p', 'test/architecture/tsconfig.api.json', '--outDir', emitted], {
      cwd: ROOT,
    });
    for (const file of globSync(PROMISED, { cwd: emitted })) {
      const golden = join(ROOT, 'docs/api', file);
      const declared = readFileSync(join(emitted, file), 'utf8');
      if (process.env['UPDATE_API']) {
        mkdirSync(dirname(golden), { recursive: true });
        writeFileSync(golden, declared);
      }
      assert.equal(declared, readFileSync(golden, 'utf8'), `${file} is not as promised in docs/api`);
    }
  });
});

describe('README.md', () => {
  it('shows examples/minimal/operator.ts, word for word', () => {
    const shown = /```ts\n([\s\S]*?)```/.exec(readFileSync(`${ROOT}README.md`, 'utf8'))?.[1];
    assert.equal(shown, readFileSync(`${ROOT}examples/minimal/operator.ts`, 'utf8'));
  });

  it('shows an operator whose stages follow the order of the resource', async () => {
    const { default: operator } = await import('../../examples/minimal/operator.ts');
    const { plan } = await import('durable-operator');
    const node = (name: string) => ({ name, role: name, replicas: 1, storage: '1Gi', config: { a: 'b' } });
    const { stages, objects } = plan(operator, {
      apiVersion: 'example.dev/v1',
      kind: 'Cluster',
      metadata: { name: 'one', namespace: 'default', uid: 'u', generation: 1 },
      spec: { image: 'x:1', order: ['controller', 'broker'], nodes: [node('broker'), node('controller')] },
    });
    assert.deepEqual(
      stages.map(({ role }) => role),
      ['controller', 'broker'],
    );
    assert.equal(objects.length, 6);
  });
});
