/**
 * Measures how soon a newer spec takes the place of an upgrade that has halted: from the edit to the first pod template of the
 * new generation. `npm run bench:preempt -- [rounds]`. The resource is that of `four-nodes.yaml`.
 */
import { readMany } from '../core/health/read.ts';
import type { Manifest } from '../core/manifest.ts';
import type { ResourceStatus } from '../core/status/resource-status.ts';
import { startSandbox } from '../sandbox/index.ts';
import { eventually } from '../testing/eventually.ts';
import { connectCluster, createNamespace, installDefinition, readTemplate } from './cluster.ts';
import { startOurs } from './contenders.ts';
import { Fleet, NAMESPACE } from './fleet.ts';
import { say } from './say.ts';
import { Workloads } from './workloads.ts';

const TIMEOUT_MS = 120_000;
const RESOURCE = 'p0';

const [rounds = 7] = process.argv.slice(2).map(Number);
const { signal } = new AbortController();
await using sandbox = await startSandbox({ name: `preempt-${process.pid}`, signal });
await using cluster = connectCluster(sandbox.kubeconfig);
const { api } = cluster;
await Promise.all([installDefinition(cluster), createNamespace(cluster, NAMESPACE)]);
await using workloads = new Workloads(api);
await workloads.synced;
const template = await readTemplate('./four-nodes.yaml');
const fleet = new Fleet(api, template, [RESOURCE]);
await using _ours = await startOurs({ sandbox, signal, flags: ['--log-level', 'warn'] });

await Promise.all([
  reach('installed', (all) => all.length === fleet.nodes.length && all.every(({ isDone }) => isDone)),
  fleet.install(),
]);
const times: number[] = [];
for (let round = 1; round <= rounds; round++) {
  await want('example.org/pinot:crash');
  await eventually('the upgrade has halted', isHalted, { timeoutMs: TIMEOUT_MS });
  const image = `example.org/pinot:${round}`;
  const [[took = Number.NaN]] = await Promise.all([
    reach('the first pod template', (all) => all.some((each) => each.image === image)),
    want(image),
  ]);
  times.push(took);
  say(`round ${round}: ${took.toFixed(0)} ms`);
  await reach('upgraded', (all) => all.every((each) => each.isDone && each.image === image));
}
const [median = Number.NaN] = times.toSorted((one, other) => one - other).slice(times.length >> 1);
console.log('| from the edit to the first pod template | median | slowest | target |');
console.log('| --- | ---: | ---: | ---: |');
console.log(
  `| of ${rounds} rounds | ${median.toFixed(0)} ms | ${Math.max(...times).toFixed(0)} ms | < 1 s |`,
);

function reach(
  what: string,
  isReached: Parameters<Workloads['reach']>[0]['isReached'],
): ReturnType<Workloads['reach']> {
  return workloads.reach({ what, resources: [RESOURCE], timeoutMs: TIMEOUT_MS, isReached });
}

async function want(image: string): Promise<void> {
  const spec = { ...(template['spec'] as object) };
  const k8sConfig = readMany(spec, 'k8sConfig').map((each) => ({ ...(each as object), image }));
  await api.patch(fleet.refOf(RESOURCE), [{ op: 'replace', path: '/spec', value: { ...spec, k8sConfig } }]);
}

async function isHalted(): Promise<boolean> {
  const live: (Manifest & { readonly status?: ResourceStatus }) | undefined = await api.get(
    fleet.refOf(RESOURCE),
  );
  const { observedGeneration, conditions = [] } = live?.status ?? {};
  return (
    observedGeneration === live?.metadata.generation &&
    conditions.some(
      ({ type, reason, status }) => type === 'Stalled' && reason === 'WorkloadFailed' && status === 'True',
    )
  );
}
