import type { Manifest } from '../../core/manifest.ts';
import type { KubernetesApi } from '../../kubernetes/api.ts';
import { eventually } from '../../testing/eventually.ts';

const OPEN = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const STATUS = {
  ...OPEN,
  properties: {
    conditions: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
      items: { ...OPEN, required: ['type'], properties: { type: { type: 'string' } } },
    },
  },
};

function crd(kind: string, scope: 'Namespaced' | 'Cluster'): Manifest {
  const singular = kind.toLowerCase();
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec: OPEN, status: STATUS } } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${singular}s.toy.dev` },
    spec: {
      group: 'toy.dev',
      scope,
      names: { kind, plural: `${singular}s`, singular, listKind: `${kind}List` },
      versions: [{ name: 'v1', served: true, storage: true, subresources: { status: {} }, schema }],
    },
  };
}

/** Makes the API server know a kind of the toy operator; many test files may ask for it at once. */
export async function installToyKind(
  api: KubernetesApi,
  kind = 'Toy',
  scope: 'Namespaced' | 'Cluster' = 'Namespaced',
): Promise<void> {
  const manifest = crd(kind, scope);
  await api.apply(manifest, { fieldManager: 'tests' });
  await eventually(`${kind} is served`, async () => {
    const live = await api.get({
      group: 'apiextensions.k8s.io',
      kind: 'CustomResourceDefinition',
      name: manifest.metadata.name,
    });
    const { conditions = [] } = (live?.['status'] ?? {}) as {
      conditions?: { type: string; status: string }[];
    };
    return conditions.some(({ type, status }) => type === 'Established' && status === 'True');
  });
}
