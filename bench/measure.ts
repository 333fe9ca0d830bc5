import { existsSync } from 'node:fs';
import { loadavg } from 'node:os';
import { logTail } from '../sandbox/guarded-process.ts';
import { startSandbox, type Sandbox } from '../sandbox/index.ts';
import { connectCluster, createNamespace, installDefinition, readTemplate, type Cluster } from './cluster.ts';
import { startContender, type Contender } from './contenders.ts';
import { Fleet, NAMESPACE } from './fleet.ts';
import { WorkflowHistories } from './histories.ts';
import type { Measurement, Usage } from './measurement.ts';
import { Meter } from './meter.ts';
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
  const found: Found = { times: [], costs: {} };
  const measured = { ...task, loadBefore };
  try {
    await phasesOn({ cluster, sandbox, running, task, settings, found });
    return { ...measured, ...found, usage: usages(contender, running, sandbox) };
  } catch (error) {
    // An interrupted run has taken its sandbox down already, and the log with it.
    if (signal.aborted || !existsSync(running.logFile)) throw error;
    say(`the last lines of ${contender}:\n${logTail(running.logFile, 20)}`);
    const trouble = error instanceof Error ? error.message : String(error);
    return { ...measured, ...found, usage: usages(contender, running, sandbox), trouble };
  }
}

interface Place {
  readonly cluster: Cluster;
  readonly sandbox: Sandbox;
  readonly running: Contender;
  readonly task: Task;
  readonly settings: Settings;
  readonly found: Found;
}

async function phasesOn({ cluster, sandbox, running, task, settings, found }: Place): Promise<void> {
  const { api } = cluster;
  const { contender, resources } = task;
  await using workloads = new Workloads(api);
  await workloads.synced;
  const template = await readTemplate(resources < MANY ? './four-nodes.yaml' : './one-node.yaml');
  const { owner, ...pids } = sandbox.pids;
  const meter = new Meter(cluster.raw, {
    [contender]: running.pid,
    ...pids,
    // The simulated kubelet runs in this process.
    ...(owner ? { 'kubelet and bench': owner } : {}),
  });
  const place = { cluster, workloads, meter };
  await warmUp({ ...place, fleet: new Fleet(api, template, ['warm-up']) });
  const names = Array.from({ length: resources }, (_, index) => `p${index}`);
  const bench: Bench = { ...place, fleet: new Fleet(api, template, names) };
  if (contender === 'peer') return await runPhases(bench, task, settings, found);
  await using histories = await WorkflowHistories.open(sandbox.temporal.address, bench.fleet);
  await runPhases({ ...bench, histories }, task, settings, found);
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
