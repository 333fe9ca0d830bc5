import type { Cluster } from './cluster.ts';
import { EDITED_IMAGE, type Fleet } from './fleet.ts';
import type { WorkflowHistories } from './histories.ts';
import type { Meter } from './meter.ts';
import type { Idle, PhaseTime } from './measurement.ts';
import { OrderWatch } from './order-watch.ts';
import { countReadsAndWrites, untilQuiet } from './requests.ts';
import type { Workload, Workloads } from './workloads.ts';

/** What a phase works on. */
export interface Bench {
  readonly cluster: Cluster;
  readonly fleet: Fleet;
  readonly workloads: Workloads;
  readonly meter: Meter;
  readonly histories?: WorkflowHistories;
}

const TIMEOUT_MS = 180_000;

/** Resolves when what the phases before have set off has come to its end. */
export function settled({ cluster }: Bench): Promise<void> {
  return untilQuiet(cluster.raw, TIMEOUT_MS);
}

/** The life of one resource, not measured: operators and API servers run for weeks, and are judged by their later days. */
export async function warmUp(bench: Bench): Promise<void> {
  await install(bench);
  await upgrade(bench);
  await remove(bench);
  await settled(bench);
}

export async function install(bench: Bench): Promise<PhaseTime[]> {
  const { fleet } = bench;
  const nodes = fleet.nodes.length;
  const [applied, ready] = await Promise.all([
    reach(bench, 'install: every workload applied', (all) => all.length === nodes),
    reach(bench, 'install: every workload ready', (all) => all.length === nodes && all.every(isDone)),
    fleet.install(),
  ]);
  return [timeOf('install: applied', applied), timeOf('install: ready', ready)];
}

/** Every resource is sent again as it is; then nothing happens. */
export async function idle({ cluster, fleet, histories }: Bench, seconds: number): Promise<Idle> {
  await fleet.applyAgain();
  const events = await histories?.total();
  const before = await countReadsAndWrites(cluster.raw);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const after = await countReadsAndWrites(cluster.raw);
  const eventsAfter = await histories?.total();
  return {
    seconds,
    reads: after.reads - before.reads,
    writes: after.writes - before.writes,
    historyEvents: (eventsAfter ?? 0) - (events ?? 0),
  };
}

/** @throws Error when a workload was changed before the one ahead of it was done: such an upgrade is no upgrade. */
export async function upgrade(bench: Bench): Promise<PhaseTime[]> {
  const { fleet, workloads } = bench;
  const before = generationsOf(bench);
  const isRolled = (each: Workload): boolean => each.generation > (before.get(each.name) ?? 0) && each.isDone;
  const order = new OrderWatch(workloads, fleet.nodes, before);
  try {
    const [rolled] = await Promise.all([
      reach(bench, 'upgrade: every workload rolled', (all) => all.every(isRolled)),
      fleet.changeConfig(),
    ]);
    order.assertKept();
    return [timeOf('config upgrade', rolled)];
  } finally {
    order.end();
  }
}

export async function drift(bench: Bench): Promise<PhaseTime[]> {
  const { fleet, workloads } = bench;
  const before = generationsOf(bench);
  const victims = fleet.names.flatMap((name) => workloads.of(name).slice(0, 1));
  const names = new Set(victims.map(({ name }) => name));
  // The edit is one generation, its undoing the next.
  const isUndone = ({ name, generation, image }: Workload): boolean =>
    !names.has(name) || (generation > (before.get(name) ?? 0) + 1 && image !== EDITED_IMAGE);
  const [undone] = await Promise.all([
    reach(bench, 'hand edit: undone', (all) => all.every(isUndone)),
    fleet.editByHand(victims),
  ]);
  await reach(bench, 'hand edit: every workload ready again', (all) => all.every(isDone));
  return [timeOf('hand edit undone', undone)];
}

export async function remove(bench: Bench): Promise<PhaseTime[]> {
  const [gone] = await Promise.all([
    reach(bench, 'delete: every workload gone', (all) => all.length === 0),
    bench.fleet.delete(),
  ]);
  return [timeOf('delete', gone)];
}

function reach(
  { workloads, fleet }: Bench,
  what: string,
  isReached: (all: readonly Workload[]) => boolean,
): Promise<number[]> {
  return workloads.reach({ what, resources: fleet.names, timeoutMs: TIMEOUT_MS, isReached });
}

function isDone(workload: Workload): boolean {
  return workload.isDone;
}

function generationsOf({ fleet, workloads }: Bench): ReadonlyMap<string, number> {
  return new Map(
    fleet.names.flatMap((name) => workloads.of(name).map((each) => [each.name, each.generation] as const)),
  );
}

function timeOf(phase: string, times: readonly number[]): PhaseTime {
  const sorted = times.toSorted((a, b) => a - b);
  return {
    phase,
    median: (sorted[Math.floor(sorted.length / 2)] ?? 0) / 1000,
    last: (sorted.at(-1) ?? 0) / 1000,
  };
}
