import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planOf } from '../../../core/plan/plan.ts';
import type { ScopeOf } from '../../../core/plan/scopes.ts';
import { builtInScope, SCOPES } from '../../../core/plan/scopes.ts';
import { UNSEALED } from '../../../core/plan/seal.ts';
import { objectKey, parseObjectKey } from '../../../core/refs.ts';
import type { DesiredObject, Plan, Resource } from '../../../index.ts';
import { customResource, defineOperator, object, plan } from '../../../index.ts';

const OPERATOR = defineOperator(customResource<readonly DesiredObject[]>('a.dev/v1', 'App'), {
  desired: ({ spec }) => spec,
});
function thing(
  apiVersion: string,
  kind: string,
  name: string,
  body: object = {},
  namespace?: string,
): DesiredObject {
  return object({ apiVersion, kind, metadata: { name, ...(namespace ? { namespace } : {}) }, ...body });
}

const ISSUER = thing('cert-manager.io/v1', 'ClusterIssuer', 'x');
const ISSUERS = thing(
  'apiextensions.k8s.io/v1',
  'CustomResourceDefinition',
  'clusterissuers.cert-manager.io',
  {
    spec: { group: 'cert-manager.io', scope: 'Cluster', names: { kind: 'ClusterIssuer' } },
  },
);

function app(namespace: string | undefined, ...spec: DesiredObject[]): Resource<readonly DesiredObject[]> {
  const metadata = { name: 'a', ...(namespace ? { namespace } : {}), uid: 'u', generation: 1 };
  return { apiVersion: 'a.dev/v1', kind: 'App', metadata, spec };
}

function planned(scopeOf: ScopeOf, namespace: string | undefined, ...desired: DesiredObject[]): Plan {
  return planOf(OPERATOR, app(namespace, ...desired), desired, { seal: UNSEALED, scopeOf });
}

describe('an object of a cluster-scoped kind', () => {
  it('is planned without a namespace and without an owner that could not own it', () => {
    for (const home of ['ns', undefined]) {
      const [{ key, manifest } = assert.fail()] = planned(() => SCOPES.Cluster, home, ISSUER).objects;
      assert.equal(key, 'ClusterIssuer.cert-manager.io/x');
      assert.equal(manifest.metadata.namespace, undefined);
      assert.equal(manifest.metadata.ownerReferences === undefined, home !== undefined);
    }
  });

  it('has no namespace though its author names one', () => {
    const named = thing('cert-manager.io/v1', 'ClusterIssuer', 'x', {}, 'other');
    const [{ key, manifest } = assert.fail()] = planned(() => SCOPES.Cluster, 'ns', named).objects;
    assert.equal(key, 'ClusterIssuer.cert-manager.io/x');
    assert.equal(manifest.metadata.namespace, undefined);
  });

  it('has the key that it has when its kind is not served yet', () => {
    const keys = [() => SCOPES.Cluster, () => undefined].map(
      (scopeOf) => planned(scopeOf, 'ns', ISSUER).objects[0]?.key,
    );
    assert.equal(keys[0], keys[1]);
  });

  it('is planned as its CustomResourceDefinition says, where both are desired', () => {
    const { objects, warnings } = plan(OPERATOR, app('ns', ISSUERS, ISSUER));
    assert.equal(
      objects.find(({ key }) => key.startsWith('ClusterIssuer'))?.manifest.metadata.namespace,
      undefined,
    );
    assert.deepEqual(warnings, []);
  });

  it('is taken for a namespaced one by a plan without a cluster, which says so', () => {
    const { objects, warnings } = plan(OPERATOR, app('ns', ISSUER));
    assert.equal(objects[0]?.manifest.metadata.namespace, 'ns');
    assert.match(warnings.join(), /^ClusterIssuer\.cert-manager\.io is planned as namespaced/);
  });
});

describe('an object of a namespaced kind', () => {
  it('must have a namespace, its own or that of its resource', () => {
    assert.throws(
      () => planned(() => SCOPES.Namespaced, undefined, thing('a.io/v1', 'Thing', 'x')),
      /Thing\.a\.io\/x.*has no namespace.*option namespace/,
    );
  });
});

describe('a key', () => {
  it('names the namespace only of what is in another one than its resource', () => {
    const ref = { group: '', kind: 'Secret', name: 'x' };
    const places = [undefined, 'home', 'other'].map((namespace) => (namespace ? { namespace } : {}));
    assert.deepEqual(
      places.map((place) => objectKey({ ...ref, ...place }, 'home')),
      ['Secret/x', 'Secret/x', 'Secret/other/x'],
    );
    assert.deepEqual(parseObjectKey('Secret/other/x', 'home'), { ...ref, namespace: 'other' });
    assert.deepEqual(parseObjectKey('Namespace/x', undefined), { group: '', kind: 'Namespace', name: 'x' });
  });
});

describe('the scope of a kind of another group than Kubernetes’ own', () => {
  it('is not known without a cluster', () => {
    for (const group of ['gateway.networking.k8s.io', 'snapshot.storage.k8s.io', 'constructor', 'a.dev'])
      assert.equal(builtInScope({ group, kind: 'Thing' }), undefined, group);
  });
});
