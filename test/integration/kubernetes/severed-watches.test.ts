import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Manifest } from '../../../core/manifest.ts';
import type { KubernetesClient } from '../../../kubernetes/client.ts';
import { createKubernetesApi } from '../../../kubernetes/client.ts';
import { loadKubeConfig } from '../../../kubernetes/kube-config.ts';
import { watchKind } from '../../../kubernetes/watcher.ts';
import { freshNamespace, sharedSandbox } from '../../support/sandbox.ts';
import { eventually } from '../../../testing/eventually.ts';
import { wiredApi } from '../../support/wired-api.ts';

const CONFIG_MAP = { group: '', kind: 'ConfigMap' };
/** Side by side, each with a connection of its own: what takes time is to connect anew. */
const WATCHERS = 25;
const CUTS = 40;

describe('a watch that is severed a thousand times', () => {
  let near: KubernetesClient;
  let namespace: string;
  before(async () => {
    const sandbox = await sharedSandbox();
    near = createKubernetesApi({ kubeConfig: loadKubeConfig(sandbox) });
    namespace = await freshNamespace(sandbox, 'severed');
  });
  after(() => near.close());

  async function put(name: string, value: number): Promise<Manifest> {
    const metadata = { name, namespace, labels: { watched: 'true' } };
    const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { value: String(value) } };
    return (await near.apply(manifest, { fieldManager: 'test' })).object;
  }

  /** Makes, changes and deletes; answers what must be told of it. */
  async function change(round: number): Promise<readonly string[]> {
    const name = `object-${round}`;
    const former = `object-${round - 1}`;
    const { uid = '' } = (await put(name, round)).metadata;
    await put('lasting', round);
    if (round === 0) return [`ADDED ${name} ${round}`, `ADDED lasting ${round}`];
    const gone = await near.get({ ...CONFIG_MAP, namespace, name: former });
    await near.remove({ ...CONFIG_MAP, namespace, name: former }, { uid: gone?.metadata.uid ?? uid });
    return [`ADDED ${name} ${round}`, `MODIFIED lasting ${round}`, `DELETED ${former} ${round - 1}`];
  }

  it('tells every change once, in its order', async (test) => {
    await using far = await wiredApi();
    const watchers = Array.from({ length: WATCHERS }, () => {
      const told: string[] = [];
      const watcher = watchKind(far.api, {
        kind: CONFIG_MAP,
        namespace,
        labelSelector: 'watched=true',
        trim: ({ metadata: { name }, ...rest }) => `${name} ${String(Object(rest['data']).value)}`,
        onChange: ({ type, object }) => told.push(`${type} ${object}`),
        onHandlerError: (error) => told.push(`failed: ${String(error)}`),
      });
      return { told, watcher };
    });
    try {
      await Promise.all(watchers.map(({ watcher }) => watcher.synced));
      const happened: string[] = [];
      for (let round = 0; round < CUTS; round++) {
        await eventually('every watch', () => watchers.every(({ watcher }) => watcher.state === 'Watching'));
        const changing = change(round);
        far.wire.sever();
        happened.push(...(await changing));
        await eventually('all of it told', () =>
          watchers.every(({ told }) => told.length >= happened.length),
        );
      }
      for (const { told } of watchers) assert.deepEqual(told, happened);
      const severed = watchers.map(({ watcher }) => sum(Object.values(watcher.counts.failures)));
      test.diagnostic(`${sum(severed)} watches were severed`);
      assert.ok(severed.every((count) => count >= CUTS));
    } finally {
      await Promise.all(watchers.map(({ watcher }) => watcher.stop()));
    }
  });
});

function sum(counts: readonly number[]): number {
  return counts.reduce((all, count) => all + count, 0);
}
