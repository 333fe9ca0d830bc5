import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { readManifests, readResource } from '../../../testing/index.ts';

let file: string;
before(async () => {
  file = path.join(await mkdtemp(path.join(tmpdir(), 'durable-operator-manifests-')), 'some.yaml');
});
after(() => rm(path.dirname(file), { recursive: true }));

const HEAD = 'apiVersion: a.dev/v1\nkind: App\nmetadata: { name: one }\n';

async function refusalOf(text: string): Promise<string> {
  await writeFile(file, text);
  const refusal: unknown = await readManifests(file).then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(refusal instanceof Error);
  assert.equal(refusal.name, 'ManifestError');
  return refusal.message.replaceAll(file, 'FILE');
}

describe('the manifests of a file', () => {
  it('are read in order, without empty documents', async () => {
    await writeFile(file, `---\n${HEAD}spec: { size: 1 }\n---\n---\n${HEAD.replace('one', 'two')}`);
    const manifests = await readManifests(pathToFileURL(file));
    assert.deepEqual(
      manifests.map(({ metadata, spec }) => [metadata.name, spec]),
      [
        ['one', { size: 1 }],
        ['two', undefined],
      ],
    );
  });

  const mistakes: readonly (readonly [string, string, string])[] = [
    [
      'quotes that end too early',
      'a: ""./x"\n',
      '4:6: Unexpected scalar at node end; expected the end of the value; put all of it in one pair of quotes',
    ],
    ['a tab', 'a:\n\tb: 1\n', '5:1: Tabs are not allowed as indentation; expected spaces'],
    [
      'a line that is indented too far',
      'a: 1\n b: 2\n',
      '4:4: Nested mappings are not allowed in compact mappings; expected one "key: value", indented as its siblings; put a value that holds ": " in quotes',
    ],
    ['a key that is there twice', 'a: 1\na: 2\n', '5:1: Map keys must be unique; expected each key once'],
    [
      'a list that does not end',
      'a: [\n',
      '5:1: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    [
      'a value that begins oddly',
      'a: @x\n',
      '4:4: Plain value cannot start with reserved character @; expected quotes around the value',
    ],
    ['an alias of nothing', 'a: *x\n', '1: Unresolved alias (the anchor must be set before the alias): x'],
  ];
  for (const [what, text, message] of mistakes)
    it(`are refused with their place and what was expected: ${what}`, async () => {
      assert.equal(await refusalOf(`${HEAD}${text}`), `FILE:${message}`);
    });

  for (const text of ['kind: App\n', '- a\n', 'only words\n', 'apiVersion: v1\nkind: App\nmetadata: x\n'])
    it(`are refused without a head, where they begin: ${JSON.stringify(text)}`, async () => {
      assert.equal(
        await refusalOf(`${HEAD}---\n${text}`),
        'FILE:5: a resource needs apiVersion, kind and metadata.name',
      );
    });

  it('are refused when there is no such file', async () => {
    await assert.rejects(
      readManifests('/no/such.yaml'),
      /^ManifestError: \/no\/such\.yaml cannot be read: ENOENT/,
    );
  });
});

describe('the resource of a file', () => {
  it('is as the API server would give it', async () => {
    await writeFile(file, `${HEAD}spec: { size: 1 }\n`);
    const { metadata, spec } = await readResource<{ size: number }>(file);
    assert.equal(spec.size, 1);
    assert.deepEqual(metadata, {
      name: 'one',
      namespace: 'default',
      generation: 1,
      uid: '00000000-0000-0000-0000-000000000000',
    });
  });

  it('is one', async () => {
    for (const [text, count] of [
      ['', 0],
      [`${HEAD}---\n${HEAD}`, 2],
    ] as const) {
      await writeFile(file, text);
      await assert.rejects(readResource(file), new RegExp(`holds ${count} manifests; expected one`));
    }
  });
});
