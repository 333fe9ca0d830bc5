/**
 * Measures how soon the edit of a person in a quiet namespace reaches its first write, while nothing happens, while the pods of many
 * resources in another namespace flap once a second, and while many are installed there. `npm run bench:storms -- [flapping] [installed]
 * [edits]`. The resources are those of `one-node.yaml`. What others do on the machine is in all three: look at the ratios.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { readMany } from '../core/health/read.ts';
import { BEHAVIOUR_ANNOTATION, BEHAVIOURS, startSandbox } from '../sandbox/index.ts';
import { connectCluster, createNamespace, installDefinition, readTemplate } from './cluster.ts';
import { startOurs } from './contenders.ts';
import { Fleet, NAMESPACE } from './fleet.ts';
import { WorkflowHistories } from './histories.ts';
import { inParallel } from './in-parallel.ts';
import { untilQuiet } from './requests.ts';
import { say } from './say.ts';
import { median } from './table.ts';
import { Workloads } from './workloads.ts';

const TIMEOUT_MS = 240_000;
const QUIET = 'quiet';
const PERSON = 'of-a-person';
const BETWEEN_EDITS_MS = 500;
const TARGETS_MS = { median: 1_000, worst: 3_000 };

const [flapping = 50, installed = 300, edits = 12] = process.argv.slice(2).map(Number);
const { signal } = new AbortController();
await using sandbox = await startSandbox({
  name: `storms-${process.pid}`,
  // As `docs/operations.md` asks for.
  temporalDynamicConfig: { 'matching.enableFairness': true },
  signal,
});
await using cluster = connectCluster(sandbox.kubeconfig);
const { api } = cluster;
await Promise.all([
  installDefinition(cluster),
  ...[NAMESPACE, QUIET].map((name) => createNamespace(cluster, name)),
]);
await using workloads = new Workloads(api);
await workloads.synced;
const template = await readTemplate('./one-node.yaml');
const named = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const person = new Fleet(api, template, [PERSON], QUIET);
const flappers = new Fleet(api, template, named('f', flapping));
const crowd = new Fleet(api, template, named('p', installed));
await using _ours = await startOurs({ sandbox, signal, flags: ['--log-level', 'warn'] });
await using histories = await WorkflowHistories.open(sandbox.temporal.address, flappers);
let edition = 0;

for (const fleet of [person, flappers]) if (fleet.names.length > 0) await install(fleet);
await untilQuiet(cluster.raw, TIMEOUT_MS);
console.log(
  '| the edit of a person reaches its first write | median | worst | ratio of medians | the request of the edit alone |',
);
console.log('| --- | ---: | ---: | ---: | ---: |');
const idle = await measured('while nothing happens', () => undefined);
if (flapping > 0) await flaps(idle);
await untilQuiet(cluster.raw, TIMEOUT_MS);
await measured(`while ${installed} resources are installed in another namespace`, () => install(crowd), idle);
console.log(`| target in a storm | ${TARGETS_MS.median} ms | ${TARGETS_MS.worst} ms | | |`);

async function install(fleet: Fleet): Promise<void> {
  const isReached = (all: readonly { readonly isDone: boolean }[]): boolean =>
    all.length === fleet.nodes.length && all.every(({ isDone }) => isDone);
  const goal = { what: 'installed', resources: fleet.names, timeoutMs: TIMEOUT_MS, isReached };
  const [times] = await Promise.all([workloads.reach(goal), fleet.install()]);
  const [middle = 0, last] = [median(times), Math.max(...times)];
  say(
    `${times.length} installed: the median after ${(middle / 1_000).toFixed(1)} s, the last after ${(last / 1_000).toFixed(1)} s`,
  );
}

async function flaps(idleMs: number): Promise<void> {
  const began = performance.now();
  const before = await histories.total();
  const ended = new AbortController();
  const flap = async (): Promise<void> => {
    for (let round = 0; !ended.signal.aborted; round++) {
      const begun = performance.now();
      await inParallel(flappers.names, 16, (name) => turn(name, round % 2 === 0));
      await sleep(Math.max(0, 1_000 - (performance.now() - begun)));
    }
  };
  await measured(`while the pods of ${flapping} resources turn once a second`, flap, idleMs, ended);
  const seconds = (performance.now() - began) / 1_000;
  const events = (await histories.total()) - before;
  say(`history events a second of each that flaps: ${(events / seconds / flapping).toFixed(2)}`);
}

/** Makes the pod of a resource ready, or not. */
async function turn(resource: string, isAway: boolean): Promise<void> {
  const [workload] = workloads.of(resource);
  const annotations = { [BEHAVIOUR_ANNOTATION]: isAway ? BEHAVIOURS.neverReady : BEHAVIOURS.run };
  const ref = { group: '', kind: 'Pod', namespace: NAMESPACE, name: `${workload?.name}-0` };
  await api.patch(ref, [{ op: 'add', path: '/metadata/annotations', value: annotations }]);
}

/** Edits again and again while the storm lasts. Answers the median. */
async function measured(
  what: string,
  storm: () => Promise<void> | undefined,
  idleMs?: number,
  ended = new AbortController(),
): Promise<number> {
  let isOver = false;
  const storming = storm()?.finally(() => (isOver = true));
  const [times, requests]: [number[], number[]] = [[], []];
  while (times.length < edits && !isOver) {
    const { tookMs, requestMs } = await edit();
    times.push(tookMs);
    requests.push(requestMs);
    await sleep(BETWEEN_EDITS_MS);
  }
  ended.abort();
  await storming;
  const [middle = Number.NaN, worst] = [median(times), Math.max(...times)];
  const ratio = idleMs === undefined ? '' : (middle / idleMs).toFixed(1);
  console.log(`| ${what} | ${middle.toFixed(0)} ms | ${worst.toFixed(0)} ms | ${ratio} | ${times.length} |`);
  return middle;
}

/** From the edit to the first write, and how long the request of the edit itself took: what the storm costs the API server. */
async function edit(): Promise<{ readonly tookMs: number; readonly requestMs: number }> {
  const image = `example.org/pinot:${++edition}`;
  const spec = { ...(template['spec'] as object) };
  const k8sConfig = readMany(spec, 'k8sConfig').map((each) => ({ ...(each as object), image }));
  const patch = { op: 'replace' as const, path: '/spec', value: { ...spec, k8sConfig } };
  const goal = { resources: [PERSON], timeoutMs: TIMEOUT_MS };
  const began = performance.now();
  const [[tookMs = Number.NaN], requestMs] = await Promise.all([
    workloads.reach({
      ...goal,
      what: 'written',
      isReached: (all) => all.some((each) => each.image === image),
    }),
    api.patch(person.refOf(PERSON), [patch]).then(() => performance.now() - began),
  ]);
  await workloads.reach({ ...goal, what: 'rolled', isReached: (all) => all.every(({ isDone }) => isDone) });
  return { tookMs, requestMs };
}
