import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { Dependencies } from '../../../activities/index.ts';
import type { News } from '../../../activities/index.ts';
import { removeExternals } from '../../../activities/remove-externals.ts';
import type { Manifest } from '../../../core/manifest.ts';
import { externalKind } from '../../../index.ts';
import { Table, tableOperator } from '../../support/toy-external.ts';
import type { ToyTable } from '../../support/toy-external.ts';

const KEY = 'Table.external.durable-operator.dev/flights';
const RESOURCE = {
  group: 'toy.dev',
  version: 'v1',
  kind: 'Toy',
  plural: 'toys',
  namespace: 'here',
  name: 't1',
};
const LIVE: Manifest = {
  apiVersion: 'toy.dev/v1',
  kind: 'Toy',
  metadata: { name: 't1', namespace: 'here', uid: 'uid-1', creationTimestamp: '2025-01-01T00:00:00Z' },
};

interface Scene {
  readonly item?: object;
  readonly live?: Manifest | null;
  /** Other resources, as the API server lists them. */
  readonly others?: readonly Manifest[];
  readonly isThere?: boolean;
}

/** A server with one table, which goes when it lets it go. */
async function removing(
  letsGo: boolean,
  { item = {}, live = LIVE, others = [], isThere = true }: Scene = {},
): Promise<{
  readonly removals: unknown;
  readonly events: readonly string[];
  readonly patched: readonly string[];
}> {
  let there = isThere;
  const events: string[] = [];
  const patched: string[] = [];
  const table = externalKind<ToyTable>(
    'Table',
    {
      ...Table.functions,
      observe: () => Promise.resolve(there ? { config: 'a' } : undefined),
      remove: () => Promise.resolve(void (there = !letsGo)),
    },
    { settles: '5 seconds' },
  );
  const dependencies = {
    operator: tableOperator(table),
    api: {
      get: ({ name }: { name: string }) =>
        Promise.resolve(others.find(({ metadata }) => metadata.name === name) ?? live ?? undefined),
      list: () => Promise.resolve({ items: [live, ...others] }),
      patch: ({ name }: { name: string }) => Promise.resolve(patched.push(name)),
    },
    events: { record: (_: unknown, { reason, note }: News) => events.push(`${reason}: ${note}`) },
    log: { info: () => undefined },
  } as unknown as Dependencies;
  const items = [{ key: KEY, uid: '', ...item }];
  const removals = await new MockActivityEnvironment().run(() =>
    removeExternals(dependencies, RESOURCE, items),
  );
  return { removals, events, patched };
}

/** Another resource, older or younger, and what its status says of the table. */
function other(
  name: string,
  { inventory, ...metadata }: { inventory: object } & Partial<Manifest['metadata']>,
): Manifest {
  return {
    ...LIVE,
    metadata: {
      name,
      namespace: 'here',
      uid: `uid-${name}`,
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...metadata,
    },
    status: { inventory },
  };
}

const ABSENT = { key: KEY, outcome: 'absent', settlesMs: 5_000 };

describe('the removal of an external object', () => {
  it('is asked for once more when its server shows none, after the settling time of its kind', async () => {
    assert.deepEqual((await removing(true)).removals, [ABSENT]);
    assert.deepEqual((await removing(true, { isThere: false })).removals, [ABSENT]);
  });

  it('is done when its server shows none again, and begins again when it does', async () => {
    const again = { again: true };
    assert.deepEqual((await removing(true, { item: again, isThere: false })).removals, [
      { key: KEY, outcome: 'gone' },
    ]);
    assert.deepEqual((await removing(true, { item: again })).removals, [ABSENT]);
  });

  it('names in an event what was never seen, since it may appear later', async () => {
    const item = { again: true, unconfirmed: true };
    const { removals, events } = await removing(true, { item, isThere: false });
    assert.deepEqual(removals, [{ key: KEY, outcome: 'gone' }]);
    assert.match(
      events.join(),
      /^RemovalUnconfirmed: Table flights was never seen on its server; if it is there/,
    );
  });

  it('is asked for again while its server still has it', async () => {
    assert.deepEqual((await removing(false)).removals, [
      { key: KEY, outcome: 'refused', reason: 'Deleting', message: 'its server still has it' },
    ]);
  });

  it('leaves one that is to be retained, or was there before, where it is', async () => {
    const retained = [{ key: KEY, outcome: 'retained' }];
    assert.deepEqual((await removing(true, { item: { retain: true } })).removals, retained);
    assert.deepEqual((await removing(true, { item: { origin: 'adopted' } })).removals, retained);
    const unless = { origin: 'adopted', retain: false };
    assert.deepEqual((await removing(true, { item: unless })).removals, [ABSENT]);
  });

  it('says which objects stay when the finalizer was taken away, with all that reached them', async () => {
    const { removals, events } = await removing(false, { live: null });
    assert.deepEqual(removals, [{ key: KEY, outcome: 'gone' }]);
    assert.match(
      events.join(),
      /^RemovalUnconfirmed: Table flights: its resource went before it was removed/,
    );
  });

  it('hands over what another resource wants, and wakes that one', async () => {
    const { removals, events, patched } = await removing(true, {
      others: [other('t2', { inventory: { wanted: [KEY] } })],
    });
    assert.deepEqual(removals, [{ key: KEY, outcome: 'gone' }]);
    assert.match(events.join(), /^HandedOver: Table flights is left to Toy here\/t2, which wants it/);
    assert.deepEqual(patched, ['t2']);
  });

  it('is for the older of two resources that are deleted and name one object', async () => {
    const deletionTimestamp = '2026-02-02T00:00:00Z';
    const inventory = { externals: [KEY] };
    const older = other('t2', { inventory, deletionTimestamp, creationTimestamp: '2020-01-01T00:00:00Z' });
    assert.deepEqual((await removing(true, { others: [older] })).removals, [{ key: KEY, outcome: 'gone' }]);
    const younger = other('t2', { inventory, deletionTimestamp, creationTimestamp: '2030-01-01T00:00:00Z' });
    assert.deepEqual((await removing(true, { others: [younger] })).removals, [ABSENT]);
  });
});
