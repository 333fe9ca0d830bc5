/**
 * Measures one resource of many objects: its install, an upgrade of all of them, and an upgrade of nothing but its generation.
 * `npm run bench:large -- [objects...]`. The objects are ConfigMaps, which need nothing of the cluster but that they are written.
 */
import type { Manifest } from '../core/manifest.ts';
import type { ResourceStatus } from '../core/status/resource-status.ts';
import { startSandbox } from '../sandbox/index.ts';
import { eventually } from '../testing/eventually.ts';
import { connectCluster, createNamespace } from './cluster.ts';
import { startOurs } from './contenders.ts';
import { NAMESPACE } from './fleet.ts';

const TIMEOUT_MS = 180_000;
const OPEN = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const PARTS = { apiVersion: 'bench.dev/v1', kind: 'Large' };
const NAMES = { kind: 'Large', plural: 'larges', singular: 'large', listKind: 'LargeList' };
const DEFINITION: Manifest = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'larges.bench.dev' },
  spec: {
    ...{ group: 'bench.dev', scope: 'Namespaced', names: NAMES },
    versions: [
      {
        ...{ name: 'v1', served: true, storage: true, subresources: { status: {} } },
        schema: { openAPIV3Schema: { type: 'object', properties: { spec: OPEN, status: OPEN } } },
      },
    ],
  },
};

const given = process.argv.slice(2).map(Number);
const { signal } = new AbortController();
await using sandbox = await startSandbox({ name: `large-${process.pid}`, signal });
await using cluster = connectCluster(sandbox.kubeconfig);
const { api } = cluster;
await Promise.all([api.apply(DEFINITION, { fieldManager: NAMESPACE }), createNamespace(cluster, NAMESPACE)]);
await eventually('the kind is served', () =>
  api.list({ group: 'bench.dev', kind: 'Large' }).then(
    () => true,
    () => false,
  ),
);
await using _ours = await startOurs({
  ...{ sandbox, signal, operator: './large-operator.ts' },
  flags: ['--log-level', 'warn'],
});

console.log('| objects of one resource | install | upgrade of all | upgrade of none |');
console.log('| ---: | ---: | ---: | ---: |');
for (const count of given.length > 0 ? given : [1_000, 4_000]) {
  const times = [
    await want(count, { edition: 1 }),
    await want(count, { edition: 2 }),
    await want(count, { edition: 2, unread: true }),
  ];
  console.log(`| ${count} | ${times.map((ms) => `${(ms / 1_000).toFixed(1)} s`).join(' | ')} |`);
}

/** Milliseconds until the resource is Ready at what is wanted. */
async function want(count: number, rest: object): Promise<number> {
  const metadata = { name: `of-${count}`, namespace: NAMESPACE };
  const began = performance.now();
  const manifest = { ...PARTS, metadata, spec: { count, ...rest } };
  const { object } = await api.apply(manifest, { fieldManager: NAMESPACE });
  const isReady = async (): Promise<boolean> => {
    const live = await api.get({ group: 'bench.dev', kind: 'Large', ...metadata });
    const { observedGeneration = 0, conditions = [] } = (live?.['status'] ?? {}) as Partial<ResourceStatus>;
    const ready = conditions.find(({ type }) => type === 'Ready');
    return observedGeneration === object.metadata.generation && ready?.status === 'True';
  };
  await eventually(`${count} objects are there`, isReady, { timeoutMs: TIMEOUT_MS });
  return performance.now() - began;
}
