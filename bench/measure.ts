import { loadavg } from 'node:os';
import { startSandbox, type Sandbox } from '../sandbox/index.ts';
import { connectCluster, createNamespace, installDefinition, readTemplate } from './cluster.ts';
import { startContender, type Contender } from './contenders.ts';
import { Fleet, NAMESPACE } from './fleet.ts';
import { WorkflowHistories } from './histories.ts';
import type { Measurement, Usage } from './measurement.ts';
import type { Bench } from './phases.ts';
import { usageOf } from './process-usage.ts';
import { runPhases } from './run-phases.ts';
import { MANY, type ContenderName, type Settings } from './settings.ts';
import { Workloads } from './workloads.ts';

export interface Task {
  readonly contender: ContenderName;
  readonly resources: number;
  readonly round: number;
}

/** One measurement on a control plane of its own, which is gone afterwards. */
export async function measure(task: Task, settings: Settings, signal: AbortSignal): Promise<Measurement> {
  const { contender, resources } = task;
  const loadBefore = loadavg()[0] ?? 0;
  const isOurs = contender === 'ours';
  await using sandbox = await startSandbox({ name: `bench-${process.pid}`, temporal: isOurs, signal });
  await using cluster = connectCluster(sandbox.kubeconfig);
  await Promise.all([installDefinition(cluster), createNamespace(cluster, NAMESPACE)]);

  const profile = settings.profile ? { profile: settings.profile } : {};
  await using running = await startContender(contender, { sandbox, signal, ...profile });
  await using workloads = new Workloads(cluster.api);
  await workloads.synced;
  const template = await readTemplate(resources < MANY ? './four-nodes.yaml' : './one-node.yaml');
  const fleet = new Fleet(cluster.api, template, resources);
  const bench: Bench = { cluster, fleet, workloads };
  const found = isOurs
    ? await withHistories(bench, sandbox, (whole) => runPhases(whole, task, settings))
    : await runPhases(bench, task, settings);
  return { ...task, loadBefore, ...found, usage: usages(contender, running, sandbox) };
}

async function withHistories<Result>(
  bench: Bench,
  sandbox: Sandbox,
  work: (bench: Bench) => Promise<Result>,
): Promise<Result> {
  await using histories = await WorkflowHistories.open(sandbox.temporal.address, bench.fleet);
  return await work({ ...bench, histories });
}

function usages(name: ContenderName, running: Contender, { pids }: Sandbox): Record<string, Usage> {
  const found = {
    [name]: usageOf(running.pid),
    ...(pids['temporal'] ? { temporal: usageOf(pids['temporal']) } : {}),
  };
  return Object.fromEntries(
    Object.entries(found).flatMap(([key, usage]) => (usage ? [[key, usage] as const] : [])),
  );
}
