import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BridgeWorld } from '../../support/bridge-world.ts';

describe('a bridge and objects behind an API', () => {
  it('asks for a look at them at every resync, and at nothing else that is as its status says', async () => {
    await using world = await BridgeWorld.begin('externals');
    await world.report(await world.widget('plain'), []);
    await world.report(await world.widget('remote'), [], 'True', [
      'Table.external.durable-operator.dev/flights',
    ]);
    await world.bridge({ resyncPeriodMs: 1_000 });
    const said = await world.hears('remote', 'two resyncs', (all) => all.length >= 2);
    assert.ok(said.every(({ signal, hint }) => signal === 'resourceChanged' && hint.resync));
    assert.deepEqual(await world.said('plain'), []);
  });

  it('asks for no look when it starts', async () => {
    await using world = await BridgeWorld.begin('externals');
    await world.report(await world.widget('remote'), [], 'True', [
      'Table.external.durable-operator.dev/flights',
    ]);
    const bridge = await world.bridge();
    assert.equal(bridge.status().synced, true);
    assert.deepEqual(await world.said('remote'), []);
  });
});
