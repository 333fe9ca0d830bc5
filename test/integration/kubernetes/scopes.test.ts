import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { servedScopes } from '../../../activities/index.ts';
import { planOf } from '../../../core/plan/plan.ts';
import { builtInScope, SCOPES } from '../../../core/plan/scopes.ts';
import { UNSEALED } from '../../../core/plan/seal.ts';
import type { KindRef } from '../../../core/refs.ts';
import { apiVersionOf, kindName, objectKey } from '../../../core/refs.ts';
import { customResource, defineOperator, object } from '../../../index.ts';
import type { DesiredObject } from '../../../index.ts';
import type { KubernetesClient } from '../../../kubernetes/client.ts';
import { createKubernetesApi } from '../../../kubernetes/client.ts';
import { loadKubeConfig } from '../../../kubernetes/kube-config.ts';
import { ClusterApi } from '../../../sandbox/cluster-api.ts';
import { accessOf, sharedSandbox } from '../../support/sandbox.ts';
import { installToyKind } from '../../support/toy-crd.ts';

interface Served extends KindRef {
  readonly version: string;
  readonly namespaced: boolean;
}

const OPERATOR = defineOperator(customResource<readonly DesiredObject[]>('a.dev/v1', 'App'), {
  desired: ({ spec }) => spec,
});

describe('every kind in the discovery document of a real API server', () => {
  let api: KubernetesClient;
  let served: readonly Served[];

  before(async () => {
    const sandbox = await sharedSandbox();
    api = createKubernetesApi({ kubeConfig: loadKubeConfig({ kubeconfig: sandbox.kubeconfig }) });
    await installToyKind(api, 'Scopeless', 'Cluster');
    const cluster = new ClusterApi(accessOf(sandbox));
    try {
      served = await servedKinds(cluster);
    } finally {
      await cluster.close();
    }
  });
  after(() => api.close());

  it('is planned under the key, and in the place, of what the server returns', async () => {
    const scopeOf = await servedScopes(api)(served);
    fc.assert(
      fc.property(
        fc.constantFrom(...served),
        fc.constantFrom('home', undefined),
        fc.constantFrom('home', 'other', undefined),
        ({ group, version, kind, namespaced }, home, named) => {
          const namespace = named ?? home;
          fc.pre(!namespaced || namespace !== undefined);
          const metadata = { name: 'x', ...(named ? { namespace: named } : {}) };
          const body = { spec: { scaleTargetRef: {} } };
          const spec = [object({ apiVersion: apiVersionOf({ group, version }), kind, metadata, ...body })];
          const resource = {
            apiVersion: 'a.dev/v1',
            kind: 'App',
            metadata: { name: 'a', ...(home ? { namespace: home } : {}), uid: 'u', generation: 1 },
            spec,
          };
          const { objects } = planOf(OPERATOR, resource, spec, { seal: UNSEALED, scopeOf });
          const [{ key, manifest } = assert.fail()] = objects;
          const live = { group, kind, name: 'x', ...(namespaced && namespace ? { namespace } : {}) };
          assert.equal(key, objectKey(live, home));
          assert.equal(manifest.metadata.namespace, live.namespace);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('is known without a cluster, where it is one of Kubernetes’ own', () => {
    const wrong = served.filter(({ group, kind, namespaced }) => {
      const scope = builtInScope({ group, kind });
      const isOwn = !group.includes('.') || group.endsWith('.k8s.io');
      return isOwn && scope !== (namespaced ? SCOPES.Namespaced : SCOPES.Cluster);
    });
    assert.deepEqual(wrong.map(kindName), []);
    assert.ok(served.length > 50);
  });
});

async function servedKinds(cluster: ClusterApi): Promise<readonly Served[]> {
  const get = async (path: string): Promise<unknown> => (await cluster.expect({ method: 'GET', path })).body;
  const { groups } = (await get('/apis')) as {
    groups: { name: string; versions: { version: string }[] }[];
  };
  const places = groups.flatMap(({ name, versions }) =>
    versions.map(({ version }) => ({ group: name, version })),
  );
  const lists = await Promise.all(
    [{ group: '', version: 'v1' }, ...places].map(async ({ group, version }) => {
      const { resources } = (await get(group === '' ? '/api/v1' : `/apis/${group}/${version}`)) as {
        resources: { name: string; kind: string; namespaced: boolean }[];
      };
      return resources
        .filter(({ name }) => !name.includes('/'))
        .map(({ kind, namespaced }) => ({ group, version, kind, namespaced }));
    }),
  );
  // Other tests install and remove kinds of theirs.
  return lists.flat().filter(({ group, kind }) => group !== 'toy.dev' || kind === 'Scopeless');
}
