import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Manifest } from '../../../core/manifest.ts';
import type { WatchableApi } from '../../../kubernetes/api.ts';
import type { KubernetesClient } from '../../../kubernetes/client.ts';
import { createKubernetesApi } from '../../../kubernetes/client.ts';
import { loadKubeConfig } from '../../../kubernetes/kube-config.ts';
import { StatusError } from '../../../kubernetes/status-error.ts';
import type { Watcher, WatcherOptions } from '../../../kubernetes/watcher.ts';
import { watchKind } from '../../../kubernetes/watcher.ts';
import { freshNamespace, sharedSandbox } from '../../support/sandbox.ts';
import { eventually } from '../../../testing/eventually.ts';
import { wiredApi } from '../../support/wired-api.ts';

const CONFIG_MAP = { group: '', kind: 'ConfigMap' };

describe('watcher', () => {
  let api: KubernetesClient;
  let namespace: string;
  const watchers: Watcher<string>[] = [];

  before(async () => {
    api = createKubernetesApi({
      kubeConfig: loadKubeConfig({ kubeconfig: (await sharedSandbox()).kubeconfig }),
    });
  });
  after(async () => {
    await Promise.all(watchers.map((watcher) => watcher.stop()));
    await api.close();
  });

  async function begin(prefix: string): Promise<void> {
    namespace = await freshNamespace(await sharedSandbox(), prefix);
  }

  const configMap = (name: string, value = ''): Manifest => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, labels: { watched: 'true' } },
    data: { value },
  });

  async function put(name: string, value = ''): Promise<string> {
    return (await api.apply(configMap(name, value), { fieldManager: 'test' })).object.metadata.uid ?? '';
  }

  function watch(
    through: WatchableApi,
    options: Partial<WatcherOptions<string>> = {},
  ): { told: string[]; states: string[]; watcher: Watcher<string> } {
    const told: string[] = [];
    const states: string[] = [];
    const watcher = watchKind(through, {
      kind: CONFIG_MAP,
      namespace,
      labelSelector: 'watched=true',
      trim: (object) => object.metadata.name,
      onChange: ({ type, object }) => told.push(`${type} ${object}`),
      onSynced: () => told.push('synced'),
      onState: (state) => states.push(state),
      onHandlerError: (error) => told.push(`failed: ${String(error)}`),
      ...options,
    });
    watchers.push(watcher);
    return { told, states, watcher };
  }

  it('tells what is there, then that it is synced, then each change once', async () => {
    await begin('changes');
    await put('old');
    const { told, watcher } = watch(api);
    await watcher.synced;
    await put('new');
    await put('new', 'changed');
    await api.remove({ ...CONFIG_MAP, namespace, name: 'old' }, { uid: await put('old') });
    await eventually('DELETED', () => told.includes('DELETED old'));
    assert.deepEqual(told, ['ADDED old', 'synced', 'ADDED new', 'MODIFIED new', 'DELETED old']);
    assert.equal(watcher.size, 1);
  });

  it('loses nothing when its connection is severed', async () => {
    await begin('severed');
    await using far = await wiredApi();
    const { told, states, watcher } = watch(far.api);
    await watcher.synced;
    await eventually('watch', () => states.includes('Watching'));
    await put('before');
    await eventually('ADDED', () => told.includes('ADDED before'));
    await far.wire.cut();
    const uid = await put('short-lived');
    await put('during');
    await api.remove({ ...CONFIG_MAP, namespace, name: 'before' }, { uid: await put('before') });
    await api.remove({ ...CONFIG_MAP, namespace, name: 'short-lived' }, { uid });
    await eventually('state Retrying', () => states.includes('Retrying'));
    await far.wire.mend();
    await eventually('DELETED', () => told.includes('DELETED before'));
    await eventually('ADDED', () => told.includes('ADDED during'));
    assert.equal(watcher.size, 1);
    await watcher.stop();
  });

  it('lists again when its resourceVersion is forgotten, and tells what was deleted meanwhile', async () => {
    await begin('forgotten');
    const uid = await put('doomed');
    let watches = 0;
    const forgetful = withWatch(async (kind, options) => {
      if (watches++ > 0) return api.watch(kind, options);
      await api.remove({ ...CONFIG_MAP, namespace, name: 'doomed' }, { uid });
      await put('doomed', 'another one under the same name');
      return expired();
    });
    const { told, states } = watch(forgetful, { list: 'pages' });
    await eventually(
      'another list',
      () => states.filter((state) => state === 'Listing').length === 2 && told.length === 4,
    );
    assert.deepEqual(told, ['ADDED doomed', 'synced', 'DELETED doomed', 'ADDED doomed']);
  });

  it('lists in one stream with its watch; again, when that is forgotten', async () => {
    await begin('streamed');
    const uid = await put('doomed');
    await put('same');
    let watches = 0;
    const forgetful = withWatch(async (kind, options) => {
      assert.equal(options.sendInitialEvents, true);
      const stream = await api.watch(kind, options);
      return watches++ > 0 ? stream : untilListed(stream);
    });
    async function* untilListed(stream: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
      for await (const chunk of stream) {
        yield chunk;
        if (!chunk.toString().includes('k8s.io/initial-events-end')) continue;
        await api.remove({ ...CONFIG_MAP, namespace, name: 'doomed' }, { uid });
        await put('doomed', 'another one under the same name');
        yield* expired();
      }
    }
    const { told, watcher } = watch(forgetful);
    await eventually('another list', () => watcher.counts.lists.stream === 2 && told.length === 5);
    assert.deepEqual(told.slice(0, 2).toSorted(), ['ADDED doomed', 'ADDED same']);
    assert.deepEqual(told.slice(2), ['synced', 'DELETED doomed', 'ADDED doomed']);
    assert.deepEqual(watcher.counts.failures, { Expired: 1 });
    assert.deepEqual(watcher.counts.states, { Listing: 2, Watching: 2, Retrying: 1 });
  });

  it('lists in pages where the server cannot list in a stream, or does not tell its end', async () => {
    await begin('pages');
    await put('there');
    const refusing = withWatch(async (kind, options) => {
      if (options.sendInitialEvents)
        throw new StatusError('sendInitialEvents is forbidden', { code: 422, reason: 'Invalid' });
      return api.watch(kind, options);
    });
    const ignorant = withWatch(async (kind, options) => {
      if (!options.sendInitialEvents) return api.watch(kind, options);
      return streamOf({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '1' } } });
    });
    for (const server of [refusing, ignorant]) {
      const { told, watcher } = watch(server);
      await watcher.synced;
      await eventually('watch', () => watcher.state === 'Watching');
      assert.deepEqual(told, ['ADDED there', 'synced']);
      assert.deepEqual(watcher.counts.lists, { pages: 1 });
      assert.deepEqual(watcher.counts.failures, {});
    }
  });

  it('goes on from the last bookmark, and no sooner than the server asks', async () => {
    await begin('bookmark');
    const calls: { readonly from: string | undefined; readonly at: number }[] = [];
    const busy = withWatch(async (kind, options) => {
      calls.push({ from: options.resourceVersion, at: performance.now() });
      if (calls.length === 1)
        return streamOf({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '12345' } } });
      if (calls.length === 2)
        throw new StatusError('too many', { code: 429, reason: 'TooManyRequests', retryAfterMs: 400 });
      const { resourceVersion } = await api.list(CONFIG_MAP, { namespace });
      return api.watch(kind, { ...options, resourceVersion });
    });
    const { watcher } = watch(busy, { list: 'pages' });
    await eventually('third call', () => calls.length === 3);
    assert.deepEqual(
      calls.slice(1).map(({ from }) => from),
      ['12345', '12345'],
    );
    // Timers count whole milliseconds of another clock.
    assert.ok((calls[2]?.at ?? 0) - (calls[1]?.at ?? 0) >= 398);
    assert.equal(watcher.counts.events['BOOKMARK'], 1);
    assert.deepEqual(watcher.counts.failures, { Unreachable: 1, TooManyRequests: 1 });
  });

  it('goes on when a handler throws, and reports it', async () => {
    await begin('throws');
    const errors: unknown[] = [];
    const seen: string[] = [];
    const { watcher } = watch(api, {
      onChange: ({ object }) => {
        seen.push(object);
        throw new Error(`cannot take ${object}`);
      },
      onHandlerError: (error) => errors.push(error),
    });
    await watcher.synced;
    await put('first');
    await put('second');
    await eventually('second', () => seen.includes('second'));
    assert.deepEqual(errors.map(String), ['Error: cannot take first', 'Error: cannot take second']);
  });

  it('reconnects when nothing is heard for too long', async () => {
    await begin('silent');
    const { states } = watch(api, { silenceMs: 200 });
    await eventually('second watch', () => states.filter((state) => state === 'Watching').length > 1);
    assert.ok(states.includes('Retrying'));
  });

  it('waits for a kind that is not served yet', async () => {
    await begin('unserved');
    const group = `${namespace}.example.com`;
    const kind = { group, kind: 'Late' };
    const { states, watcher } = watch(api, { kind });
    await eventually('state NotServed', () => states.includes('NotServed'));
    await api.create(crd(group));
    await watcher.synced;
    await api.remove(
      { group: 'apiextensions.k8s.io', kind: 'CustomResourceDefinition', name: `lates.${group}` },
      {
        uid:
          (
            await api.get({
              group: 'apiextensions.k8s.io',
              kind: 'CustomResourceDefinition',
              name: `lates.${group}`,
            })
          )?.metadata.uid ?? '',
      },
    );
  });

  function withWatch(open: WatchableApi['watch']): WatchableApi {
    return {
      get: api.get.bind(api),
      apply: api.apply.bind(api),
      create: api.create.bind(api),
      patch: api.patch.bind(api),
      scale: api.scale.bind(api),
      remove: api.remove.bind(api),
      evict: api.evict.bind(api),
      list: api.list.bind(api),
      servedKind: api.servedKind.bind(api),
      visit: api.visit.bind(api),
      watch: open,
    };
  }
});

async function* streamOf(...events: readonly object[]): AsyncIterable<Buffer> {
  for (const event of events) yield Buffer.from(`${JSON.stringify(event)}\n`);
}

/** What the server says when its watch cache and etcd's compaction have left a version behind. */
async function* expired(): AsyncIterable<Buffer> {
  const object = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version: 1 (2)' };
  yield Buffer.from(`${JSON.stringify({ type: 'ERROR', object })}\n`);
}

function crd(group: string): Manifest {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `lates.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind: 'Late', plural: 'lates' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  };
}
