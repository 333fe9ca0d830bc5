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

export interface ToyVersion {
  readonly name: string;
  /** @defaultValue `true` */
  readonly served?: boolean;
  /** Of the spec. @defaultValue any */
  readonly spec?: object;
}

/** @param versions the first is the one that is stored. */
function crd(kind: string, scope: 'Namespaced' | 'Cluster', versions: readonly ToyVersion[]): Manifest {
  const singular = kind.toLowerCase();
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${singular}s.toy.dev` },
    spec: {
      group: 'toy.dev',
      scope,
      names: { kind, plural: `${singular}s`, singular, listKind: `${kind}List` },
      versions: versions.map(({ name, served = true, spec = OPEN }, index) => ({
        name,
        served,
        storage: index === 0,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', properties: { spec, status: STATUS } } },
      })),
    },
  };
}

/** Makes the API server know a kind of the toy operator, or know it otherwise; many test files may ask for it at once. */
export async function installToyKind(
  api: KubernetesApi,
  kind = 'Toy',
  scope: 'Namespaced' | 'Cluster' = 'Namespaced',
  versions: readonly ToyVersion[] = [{ name: 'v1' }],
): Promise<void> {
  const manifest = crd(kind, scope, versions);
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
