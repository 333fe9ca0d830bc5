import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Import } from './imports.ts';
import { importsIn, importsOf, ROOT } from './imports.ts';
import type { Layer } from './layers.ts';
import { LAYERS } from './layers.ts';

const ROOMS = LAYERS.map(({ room }) => room);

describe('the layers', () => {
  for (const layer of LAYERS)
    it(`${layer.room} imports only what its layer allows`, async () => {
      const breaches = (await importsOf(layer.room)).filter((each) => !allows(layer, each));
      assert.deepEqual(breaches.map(sentence), [], `${layer.room}: ${layer.because}`);
    });

  it('tell an import of types from one that loads', () => {
    const [core] = LAYERS.filter(({ room }) => room === 'core');
    const [workflows] = LAYERS.filter(({ room }) => room === 'workflows');
    assert.ok(core && workflows);
    const found = importsIn(
      'workflows/some.ts',
      "import type { A } from '../activities/index.ts';\nexport { b } from '../activities/index.ts';\nawait import('node:fs');",
    );
    assert.deepEqual(
      found.map((each) => allows(workflows, each)),
      [true, false, false],
    );
    assert.ok(!allows(core, { file: 'core/a.ts', target: 'node:crypto', typeOnly: true }));
  });

  it('are in docs/architecture.md as they are here', async () => {
    const page = (await readFile(join(ROOT, 'docs/architecture.md'), 'utf8')).replace(/ +/g, ' ');
    const missing = tableOf(LAYERS)
      .split('\n')
      .filter((line) => !page.includes(line));
    assert.deepEqual(missing, [], 'docs/architecture.md lacks these rows of the table of layers');
  });
});

function allows({ room, loads, types }: Layer, { target, typeOnly }: Import): boolean {
  return [room, ...loads, ...(typeOnly ? types : [])].some((allowed) => covers(allowed, target));
}

function covers(allowed: string, target: string): boolean {
  if (allowed === 'node:*') return target.startsWith('node:');
  if (allowed === 'npm:*') return !target.startsWith('node:') && !isOurs(target);
  return target === allowed || target.startsWith(`${allowed}/`);
}

function isOurs(target: string): boolean {
  return ROOMS.some((room) => target === room || target.startsWith(`${room}/`));
}

function sentence({ file, target, typeOnly }: Import): string {
  return `${file} imports ${typeOnly ? 'types from' : ''} ${target}`.replace('  ', ' ');
}

function tableOf(layers: readonly Layer[]): string {
  const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(' ') || '-';
  return layers
    .map(
      ({ room, loads, types, because }) => `| \`${room}\` | ${code(loads)} | ${code(types)} | ${because} |`,
    )
    .join('\n');
}
