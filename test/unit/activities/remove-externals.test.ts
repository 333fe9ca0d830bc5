import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { Dependencies } from '../../../activities/index.ts';
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
  metadata: { name: 't1', namespace: 'here', uid: 'uid-1' },
};

/** A server with one table, which goes when it lets it go. */
function removing(
  letsGo: boolean,
  { retain, live = LIVE }: { retain?: true; live?: Manifest | null } = {},
): Promise<unknown> {
  let there = true;
  const table = externalKind<ToyTable>('Table', {
    ...Table.functions,
    observe: () => Promise.resolve(there ? { config: 'a' } : undefined),
    remove: () => Promise.resolve(void (there = !letsGo)),
  });
  const dependencies = {
    operator: tableOperator(table),
    api: { get: () => Promise.resolve(live ?? undefined) },
    events: { record: () => undefined },
    log: { info: () => undefined },
  } as unknown as Dependencies;
  const items = [{ key: KEY, uid: '', ...(retain ? { retain } : {}) }];
  return new MockActivityEnvironment().run(() => removeExternals(dependencies, RESOURCE, items));
}

describe('the removal of an external object', () => {
  it('is done when its server has it no more', async () => {
    assert.deepEqual(await removing(true), [{ key: KEY, outcome: 'gone' }]);
  });

  it('is asked for again while its server still has it', async () => {
    assert.deepEqual(await removing(false), [
      { key: KEY, outcome: 'refused', reason: 'Deleting', message: 'its server still has it' },
    ]);
  });

  it('leaves one that is to be retained where it is', async () => {
    assert.deepEqual(await removing(false, { retain: true }), [{ key: KEY, outcome: 'retained' }]);
  });

  it('has nobody to reach it for when the resource was torn out of our hands', async () => {
    assert.deepEqual(await removing(false, { live: null }), [{ key: KEY, outcome: 'gone' }]);
  });
});
