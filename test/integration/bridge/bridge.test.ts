import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ANNOTATIONS } from '../../../core/labels.ts';
import type { Manifest } from '../../../core/manifest.ts';
import { BridgeWorld } from '../../support/bridge-world.ts';
import { sharedSandbox } from '../../support/sandbox.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { eventually } from '../../../testing/eventually.ts';

const configMap = (name: string, value = 'v'): Manifest => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data: { value },
});

const statefulSet = (name: string, replicas = 0): Manifest => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name },
  spec: {
    replicas,
    serviceName: name,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'main', image: 'none' }] },
    },
  },
});

describe('bridge', () => {
  it('starts the workflow of a new resource, and tells it of a new spec and not of a status', async () => {
    await using world = await BridgeWorld.begin('spec');
    await world.bridge();
    const widget = await world.widget('one');
    await world.hears('one', 'a first signal', (said) => said.length === 1);
    await world.report(widget, [], 'False');
    const changed = await world.widget('one', 2);
    const [first, second, ...more] = await world.hears('one', 'a second signal', (said) => said.length > 1);
    assert.deepEqual([first?.signal, second?.signal, more], ['resourceChanged', 'resourceChanged', []]);
    assert.equal(first?.hint.resource?.generation, 1);
    assert.equal(second?.hint.resource?.generation, 2);
    assert.equal(second?.hint.resource?.uid, changed.metadata.uid);
    assert.deepEqual(world.errors, []);
  });

  it('leaves an ignored resource alone until that is lifted', async () => {
    await using world = await BridgeWorld.begin('ignore');
    const bridge = await world.bridge();
    await world.widget('left', 1, { [ANNOTATIONS.ignore]: 'true' });
    await world.widget('left', 2, { [ANNOTATIONS.ignore]: 'true' });
    await eventually('resource', () => bridge.status().resources === 1);
    await world.widget('left', 2);
    const said = await world.hears('left', 'a signal', (all) => all.length > 0);
    assert.deepEqual(
      said.map(({ hint }) => hint.resource?.generation),
      [2],
    );
  });

  it('asks a workflow that was started without search attributes to use those that Temporal has by now', async () => {
    await using world = await BridgeWorld.begin('attributes');
    const widget = await world.widget('a');
    const bridge = await world.bridge();
    await eventually('the workflow is told', async () => (await world.said('a')).length === 1);
    await bridge.stop();
    await world.report(widget, []);
    await world.bridge({ searchAttributes: true });
    const asked = await eventually('it is told again', async () => (await world.said('a'))[1]);
    assert.equal(asked.hint.searchAttributes, true);
  });

  it('says nothing after a restart when nothing has changed', async () => {
    await using world = await BridgeWorld.begin('restart');
    for (const name of ['a', 'b', 'c']) {
      const widget = await world.widget(name);
      const objects = [
        await world.own(widget, configMap(`${name}-config`)),
        await world.own(widget, statefulSet(name)),
      ];
      await eventually('Current', async () => {
        const set = await world.api.get({
          group: 'apps',
          kind: 'StatefulSet',
          namespace: world.namespace,
          name,
        });
        const status: { observedGeneration?: number } = set?.['status'] ?? {};
        return status.observedGeneration === 1;
      });
      await world.report(widget, objects);
    }
    const bridge = await world.bridge();
    const { signals, resources, objects, synced } = bridge.status();
    assert.deepEqual({ resources, objects, synced }, { resources: 3, objects: 6, synced: true });
    assert.deepEqual(
      { sent: signals.sent, inFlight: signals.inFlight, queued: signals.queued },
      { sent: 0, inFlight: 0, queued: 0 },
    );
  });

  it('finds after a restart what was edited, deleted or asked for meanwhile', async () => {
    await using world = await BridgeWorld.begin('meanwhile');
    for (const name of ['same', 'edited', 'deleted', 'asked']) {
      const widget = await world.widget(name);
      const object = await world.own(widget, configMap(name));
      await world.report(widget, [object]);
      if (name === 'edited')
        await world.api.apply(
          { ...configMap(name, 'by hand'), metadata: { name, namespace: world.namespace } },
          { fieldManager: 'person' },
        );
      if (name === 'deleted')
        await world.api.remove(
          { group: '', kind: 'ConfigMap', namespace: world.namespace, name },
          { uid: object.metadata.uid ?? '' },
        );
      if (name === 'asked') await world.widget(name, 2);
    }
    const bridge = await world.bridge();
    await eventually('signals', () => bridge.status().signals.sent === 3);
    for (const name of ['edited', 'deleted', 'asked'])
      assert.equal((await world.said(name))[0]?.hint.resync, true);
    assert.deepEqual(await world.said('same'), []);
  });

  it('finds at its resync what no event has told, and tells it once', async () => {
    await using world = await BridgeWorld.begin('resync');
    const bridge = await world.bridge({ resyncPeriodMs: 400 });
    const widget = await world.widget('stale');
    const object = await world.own(widget, configMap('stale'));
    await world.report(widget, [object]);
    await world.hears('stale', 'the first signal', (said) => said.length > 0);
    await eventually('calm', () => bridge.status().signals.queued + bridge.status().signals.inFlight === 0);
    const { length } = await world.said('stale');
    // A status that tells of less than there is: no change of an object, and none that a spec asks for.
    await world.report(widget, []);
    const said = await world.hears('stale', 'a resync', (all) => all.length > length);
    assert.equal(said.at(-1)?.hint.resync, true);
    const told = said.length;
    // It is never Ready, so that each resync tells it.
    await world.widget('witness');
    await world.hears('witness', 'three resyncs', (all) => all.length > 3);
    assert.equal((await world.said('stale')).length, told);
  });

  it('tells a workflow whose resource went while nobody watched', async () => {
    await using world = await BridgeWorld.begin('went');
    const first = await world.bridge();
    const widget = await world.widget('gone');
    await world.hears('gone', 'a signal', (said) => said.length === 1);
    await first.stop();
    await world.removeWidget(widget);
    await world.bridge();
    const said = await world.hears('gone', 'a resync', (all) => all.length > 1);
    assert.equal(said.at(-1)?.hint.resync, true);
  });

  it('begins the workflow that went while its resource stayed, as it does when Temporal is wiped', async () => {
    await using world = await BridgeWorld.begin('wiped');
    const widget = await world.widget('kept');
    await world.report(widget, []);
    await world.bridge({ sweepPeriodMs: 100 });
    const [first] = await world.hears('kept', 'a resync', (said) => said.length > 0);
    assert.deepEqual([first?.hint.resync, first?.hint.resource?.uid], [true, widget.metadata.uid]);
  });

  it('names the object that somebody edited, once, and says nothing of what the operator applies', async () => {
    await using world = await BridgeWorld.begin('edit');
    const widget = await world.widget('one');
    const before = [await world.own(widget, configMap('mine')), await world.own(widget, configMap('other'))];
    await world.report(widget, before);
    const bridge = await world.bridge();
    assert.equal(bridge.status().signals.sent, 0);
    await world.own(widget, configMap('mine', 'second'), 'd2');
    await world.own(widget, configMap('mine', 'third'), 'd3');
    await world.api.apply(
      { ...configMap('mine', 'by hand'), metadata: { name: 'mine', namespace: world.namespace } },
      { fieldManager: 'person' },
    );
    await world.hears('one', 'a signal', (said) => said.length > 0);
    await world.own(widget, configMap('mine', 'third'), 'd3');
    const { metadata } = before[1] ?? assert.fail();
    await world.api.remove(
      { group: '', kind: 'ConfigMap', namespace: world.namespace, name: 'other' },
      { uid: metadata.uid ?? '' },
    );
    const said = await world.hears('one', 'a second signal', (all) => all.length > 1);
    assert.deepEqual(said, [
      { signal: 'objectsChanged', hint: { objects: ['ConfigMap/mine'] } },
      { signal: 'objectsChanged', hint: { objects: ['ConfigMap/other'] } },
    ]);
  });

  it('says when a workload turns Current', async () => {
    await using world = await BridgeWorld.begin('turns');
    const widget = await world.widget('one');
    await world.report(widget, [
      await world.own(widget, configMap('kind-is-known')),
      await world.own(widget, statefulSet('empty')),
    ]);
    await world.bridge();
    await world.own(widget, statefulSet('later'));
    const said = await world.hears('one', 'the key', (all) =>
      all.some(({ hint }) => hint.objects?.includes('StatefulSet.apps/later')),
    );
    assert.ok(said.every(({ hint }) => hint.resource === undefined || hint.resync));
  });

  it('turns a storm of edits into few signals, the last of them told', async () => {
    await using world = await BridgeWorld.begin('storm');
    await world.bridge();
    for (let size = 1; size <= 200; size++) await world.widget('busy', size);
    const said = await world.hears(
      'busy',
      'the last generation',
      (all) => all.at(-1)?.hint.resource?.generation === 200,
    );
    assert.ok(said.length < 40, `200 edits were told in ${said.length} signals`);
  });

  it('tells what happened while Temporal was away', async () => {
    await using world = await BridgeWorld.begin('away');
    const [host = '', port] = (await sharedSandbox()).temporal.address.split(':');
    await using proxy = await TcpProxy.to(host, Number(port));
    const bridge = await world.bridge({ temporal: `127.0.0.1:${proxy.port}` });
    await world.widget('patient');
    await world.hears('patient', 'a signal', (said) => said.length === 1);
    await proxy.cut();
    await world.widget('patient', 2);
    await eventually('failure', () => bridge.status().signals.lastError !== undefined);
    await world.widget('patient', 3);
    await proxy.mend();
    const said = await world.hears(
      'patient',
      'the last generation',
      (all) => all.at(-1)?.hint.resource?.generation === 3,
    );
    assert.ok(said.length <= 4);
    await eventually(
      'calm',
      () => bridge.status().signals.queued === 0 && bridge.status().signals.lastError === undefined,
    );
    await bridge.stop();
  });
});
