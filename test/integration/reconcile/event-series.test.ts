import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createEventRecorder } from '../../../activities/event-recorder.ts';
import type { Manifest } from '../../../core/manifest.ts';
import type { KubernetesApi } from '../../../kubernetes/api.ts';
import type { KubernetesClient } from '../../../kubernetes/client.ts';
import { createKubernetesApi } from '../../../kubernetes/client.ts';
import { loadKubeConfig } from '../../../kubernetes/kube-config.ts';
import { StatusError } from '../../../kubernetes/status-error.ts';
import { freshNamespace, sharedSandbox } from '../../support/sandbox.ts';

const LOG = { debug: () => {}, info: () => {}, warn: assert.fail, error: assert.fail };

describe('news that repeats in the same words', () => {
  let api: KubernetesClient;
  let namespace: string;
  before(async () => {
    const sandbox = await sharedSandbox();
    api = createKubernetesApi({ kubeConfig: loadKubeConfig({ kubeconfig: sandbox.kubeconfig }) });
    namespace = await freshNamespace(sandbox, 'series');
  });
  after(() => api.close());

  /** As several workers tell it, each with a recorder of its own. */
  async function tell(
    name: string,
    notes: readonly (readonly [note: string, occurrence: string])[],
  ): Promise<void> {
    await tellThrough(api, name, notes);
  }

  async function tellThrough(
    through: KubernetesApi,
    name: string,
    notes: Parameters<typeof tell>[1],
  ): Promise<void> {
    for (const [note, occurrence] of notes) {
      const recorder = createEventRecorder({
        api: through,
        controller: 'toys.dev',
        instance: occurrence,
        log: LOG,
      });
      const regarding = {
        apiVersion: 'toy.dev/v1',
        kind: 'Toy',
        metadata: { name, namespace, uid: `uid-${name}` },
      };
      const news = { type: 'Warning', reason: 'Invalid', action: 'Apply', note, repeats: true } as const;
      recorder.record({ regarding, occurrence }, news);
      await recorder.flush();
    }
  }

  async function countsOf(name: string): Promise<readonly (readonly [note: unknown, count: number])[]> {
    const { items } = await api.list({ group: 'events.k8s.io', kind: 'Event' }, { namespace });
    return items
      .filter((event) => (event['regarding'] as { name: string }).name === name)
      .map(
        (event) =>
          [event['note'], (event as Manifest & { series?: { count: number } }).series?.count ?? 1] as const,
      )
      .sort();
  }

  it('is one event that counts, whichever worker tells it, and other words are another', async () => {
    await tell('counted', [
      ['port: must be unique', 'a'],
      ['port: must be unique', 'b'],
      ['port: must be unique', 'b'],
      ['port: must be unique', 'c'],
      ['port: must be set', 'd'],
    ]);
    assert.deepEqual(await countsOf('counted'), [
      ['port: must be set', 1],
      ['port: must be unique', 3],
    ]);
  });

  it('counts what came again before it was written', async () => {
    const recorder = createEventRecorder({ api, controller: 'toys.dev', instance: 'one', log: LOG });
    const metadata = { name: 'merged', namespace, uid: 'uid-merged' };
    const regarding = { apiVersion: 'toy.dev/v1', kind: 'Toy', metadata };
    const news = {
      type: 'Warning',
      reason: 'Invalid',
      action: 'Apply',
      note: 'no port',
      repeats: true,
    } as const;
    const others = [1, 2, 3, 4].map((count) => ({ ...news, note: `other ${count}` }));
    for (const each of others) recorder.record({ regarding, occurrence: 'a' }, each);
    for (const occurrence of ['a', 'b', 'c']) recorder.record({ regarding, occurrence }, news);
    await recorder.flush();
    for (const each of others) recorder.record({ regarding, occurrence: 'a' }, each);
    for (const occurrence of ['d', 'e']) recorder.record({ regarding, occurrence }, news);
    await recorder.flush();
    const [merged] = await countsOf('merged');
    assert.deepEqual(merged, ['no port', 5]);
  });

  it('is an event for each repeat where events may only be created', async () => {
    const refuse = (): never => {
      throw new StatusError('cannot get events', { code: 403, reason: 'Forbidden' });
    };
    const poor = { create: api.create.bind(api), get: refuse, patch: refuse } as unknown as KubernetesApi;
    await tellThrough(poor, 'apart', [
      ['refused', 'a'],
      ['refused', 'b'],
    ]);
    assert.deepEqual(await countsOf('apart'), [
      ['refused', 1],
      ['refused', 1],
    ]);
  });
});
