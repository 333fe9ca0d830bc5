import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Manifest } from '../../../core/manifest.ts';
import type { WatchableApi } from '../../../kubernetes/api.ts';
import type { KubernetesClient } from '../../../kubernetes/client.ts';
import { createKubernetesApi } from '../../../kubernetes/client.ts';
import { loadKubeConfig } from '../../../kubernetes/kube-config.ts';
import type { Watcher, WatcherOptions } from '../../../kubernetes/watcher.ts';
import { watchKind } from '../../../kubernetes/watcher.ts';
import { freshNamespace, sharedSandbox } from '../../support/sandbox.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { until } from '../../support/until.ts';

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
    await until('DELETED', () => told.includes('DELETED old'));
    assert.deepEqual(told, ['ADDED old', 'synced', 'ADDED new', 'MODIFIED new', 'DELETED old']);
    assert.equal(watcher.size, 1);
  });

  it('loses nothing when its connection is severed', async () => {
    await begin('severed');
    await using proxy = await proxyOfServer();
    const far = clientThrough(proxy);
    const { told, states, watcher } = watch(far);
    await watcher.synced;
    await until('watch', () => states.includes('Watching'));
    await put('before');
    await until('ADDED', () => told.includes('ADDED before'));
    await proxy.cut();
    const uid = await put('short-lived');
    await put('during');
    await api.remove({ ...CONFIG_MAP, namespace, name: 'before' }, { uid: await put('before') });
    await api.remove({ ...CONFIG_MAP, namespace, name: 'short-lived' }, { uid });
    await until('state Retrying', () => states.includes('Retrying'));
    await proxy.mend();
    await until('DELETED', () => told.includes('DELETED before'));
    await until('ADDED', () => told.includes('ADDED during'));
    assert.equal(watcher.size, 1);
    await watcher.stop();
    await far.close();
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
    const { told, states } = watch(forgetful);
    await until(
      'another list',
      () => states.filter((state) => state === 'Listing').length === 2 && told.length === 4,
    );
    assert.deepEqual(told, ['ADDED doomed', 'synced', 'DELETED doomed', 'ADDED doomed']);
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
    await until('second', () => seen.includes('second'));
    assert.deepEqual(errors.map(String), ['Error: cannot take first', 'Error: cannot take second']);
  });

  it('reconnects when nothing is heard for too long', async () => {
    await begin('silent');
    const { states } = watch(api, { silenceMs: 200 });
    await until('second watch', () => states.filter((state) => state === 'Watching').length > 1);
    assert.ok(states.includes('Retrying'));
  });

  it('waits for a kind that is not served yet', async () => {
    await begin('unserved');
    const group = `${namespace}.example.com`;
    const kind = { group, kind: 'Late' };
    const { states, watcher } = watch(api, { kind });
    await until('state NotServed', () => states.includes('NotServed'));
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

/** What the server says when its watch cache and etcd's compaction have left a version behind. */
async function* expired(): AsyncIterable<Buffer> {
  const object = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version: 1 (2)' };
  yield Buffer.from(`${JSON.stringify({ type: 'ERROR', object })}\n`);
}

async function proxyOfServer(): Promise<TcpProxy> {
  const { kubeconfig } = await sharedSandbox();
  const { hostname, port } = new URL(loadKubeConfig({ kubeconfig }).getCurrentCluster()?.server ?? '');
  const proxy = await TcpProxy.to(hostname, Number(port));
  KUBECONFIGS.set(proxy, kubeconfig);
  return proxy;
}

const KUBECONFIGS = new WeakMap<TcpProxy, string>();

function clientThrough(proxy: TcpProxy): KubernetesClient {
  const kubeConfig = loadKubeConfig({ kubeconfig: KUBECONFIGS.get(proxy) ?? '' });
  const cluster = kubeConfig.getCurrentCluster();
  assert.ok(cluster);
  kubeConfig.clusters = [{ ...cluster, server: `https://127.0.0.1:${proxy.port}` }];
  return createKubernetesApi({ kubeConfig });
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
