import { existsSync } from 'node:fs';
import { loadavg } from 'node:os';
import { logTail } from '../sandbox/guarded-process.ts';
import { startSandbox, type Sandbox } from '../sandbox/index.ts';
import { connectCluster, createNamespace, installDefinition, readTemplate, type Cluster } from './cluster.ts';
import { startContender, type Contender } from './contenders.ts';
import { Fleet, NAMESPACE } from './fleet.ts';
import { WorkflowHistories } from './histories.ts';
import type { Measurement, Usage } from './measurement.ts';
import { warmUp, type Bench } from './phases.ts';
import { usageOf } from './process-usage.ts';
import { runPhases, type Found } from './run-phases.ts';
import { say } from './say.ts';
import { MANY, type ContenderName, type Settings } from './settings.ts';
import { Workloads } from './workloads.ts';

export interface Task {
  readonly contender: ContenderName;
  readonly resources: number;
  readonly round: number;
}

/** One measurement on a control plane of its own, which is gone afterwards. */
export async function measure(task: Task, settings: Settings, signal: AbortSignal): Promise<Measurement> {
  const { contender } = task;
  const loadBefore = loadavg()[0] ?? 0;
  const isOurs = contender === 'ours';
  await using sandbox = await startSandbox({ name: `bench-${process.pid}`, temporal: isOurs, signal });
  await using cluster = connectCluster(sandbox.kubeconfig);
  await Promise.all([installDefinition(cluster), createNamespace(cluster, NAMESPACE)]);

  const profile = settings.profile ? { profile: settings.profile } : {};
  await using running = await startContender(contender, { sandbox, signal, ...profile });
  try {
    const found = await phasesOn({ cluster, sandbox, task, settings });
    return { ...task, loadBefore, ...found, usage: usages(contender, running, sandbox) };
  } catch (error) {
    // An interrupted run has taken its sandbox down already, and the log with it.
    if (existsSync(running.logFile)) say(`the last lines of ${contender}:\n${logTail(running.logFile, 20)}`);
    throw error;
  }
}

interface Place {
  readonly cluster: Cluster;
  readonly sandbox: Sandbox;
  readonly task: Task;
  readonly settings: Settings;
}

async function phasesOn({ cluster, sandbox, task, settings }: Place): Promise<Found> {
  const { api } = cluster;
  const { contender, resources } = task;
  await using workloads = new Workloads(api);
  await workloads.synced;
  const template = await readTemplate(resources < MANY ? './four-nodes.yaml' : './one-node.yaml');
  await warmUp({ cluster, fleet: new Fleet(api, template, ['warm-up']), workloads });
  const names = Array.from({ length: resources }, (_, index) => `p${index}`);
  const bench: Bench = { cluster, fleet: new Fleet(api, template, names), workloads };
  if (contender === 'peer') return await runPhases(bench, task, settings);
  await using histories = await WorkflowHistories.open(sandbox.temporal.address, bench.fleet);
  return await runPhases({ ...bench, histories }, task, settings);
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
