/**
 * Measures what many resources cost: while they are installed, while nothing happens, when the program is restarted then, and
 * when all are upgraded. `npm run bench:rest -- [resources] [seconds]`. One process is bridge and worker, as the image runs it,
 * with a Lease; the resources are those of `one-node.yaml`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { startSandbox } from '../sandbox/index.ts';
import { connectCluster, createNamespace, installDefinition, readTemplate } from './cluster.ts';
import type { Contender } from './contenders.ts';
import { startOurs } from './contenders.ts';
import { Fleet, NAMESPACE } from './fleet.ts';
import { WorkflowHistories } from './histories.ts';
import type { Cost } from './meter.ts';
import { Meter } from './meter.ts';
import { requestsBy } from './our-requests.ts';
import { cpuSecondsOf, residentMbOf } from './process-usage.ts';
import { untilQuiet } from './requests.ts';
import { say } from './say.ts';
import type { Workload } from './workloads.ts';
import { Workloads } from './workloads.ts';

/** How many small resources a second a busy machine changes at the least. */
const SLOWEST_PER_SECOND = 2;
const QUIET_MS = 300_000;
const OURS = 'durable-operator';

type Row = readonly [what: string, measured: string, target: string];

const [resources = 1_000, seconds = 60] = process.argv.slice(2).map(Number);
const { signal } = new AbortController();
await using sandbox = await startSandbox({ name: `rest-${process.pid}`, auditLog: true, signal });
await using cluster = connectCluster(sandbox.kubeconfig);
await Promise.all([installDefinition(cluster), createNamespace(cluster, NAMESPACE)]);
await using workloads = new Workloads(cluster.api);
await workloads.synced;
const names = Array.from({ length: resources }, (_, index) => `p${index}`);
const fleet = new Fleet(cluster.api, await readTemplate('./one-node.yaml'), names);
await using histories = await WorkflowHistories.open(sandbox.temporal.address, fleet);

console.log(`| ${resources} resources | measured | target |\n| --- | ---: | ---: |`);
{
  await using ours = await start();
  print(await changed('install', ours, () => fleet.install()));
  print(await atRest(ours));
}
{
  const began = performance.now();
  const from = Date.now();
  const events = await histories.total();
  await using ours = await start();
  print(await restarted(ours, { readyMs: performance.now() - began, from, events }));
  print(await changed('upgrade', ours, () => fleet.changeConfig()));
}

function print(rows: readonly Row[]): void {
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
}

function start(): Promise<Contender> {
  const flags = ['--leader-elect', '--leader-elect-namespace', NAMESPACE, '--log-level', 'warn'];
  return startOurs({ sandbox, signal, flags });
}

/** What it costs to change all of them at once. */
async function changed(
  what: string,
  { pid }: Contender,
  change: () => Promise<void>,
): Promise<readonly Row[]> {
  const { owner: _, ...pids } = sandbox.pids;
  const meter = new Meter(cluster.raw, { program: pid, ...pids });
  const before = new Map(
    names.flatMap((name) => workloads.of(name).map((each) => [each.name, each.generation])),
  );
  const isReached = ([only]: readonly Workload[]): boolean =>
    only?.isDone === true && only.generation > (before.get(only.name) ?? 0);
  const timeoutMs = 60_000 + (resources / SLOWEST_PER_SECOND) * 1_000;
  const [events, actions, from] = [await histories.total(), await histories.actions(), Date.now()];
  const { result, cost } = await meter.of(async () => {
    const began = performance.now();
    await Promise.all([workloads.reach({ what, resources: names, timeoutMs, isReached }), change()]);
    const tookMs = performance.now() - began;
    await untilQuiet(cluster.raw, QUIET_MS);
    return tookMs;
  });
  const asked = await requestsOfOurs(from);
  return [
    [`${what}: all of them`, `${(result / 1_000).toFixed(1)} s`, ''],
    [`${what}: events of history each`, each((await histories.total()) - events), ''],
    [`${what}: billable actions each`, each((await histories.actions()) - actions), ''],
    [`${what}: API requests of the program each`, each(asked.others), ''],
    ...processorRows(what, cost),
  ];
}

function processorRows(what: string, { cpuSeconds }: Cost): readonly Row[] {
  return Object.entries(cpuSeconds).map(([name, used]) => [
    `${what}: processor, ${name}, each`,
    `${((1_000 * used) / resources).toFixed(1)} ms`,
    '',
  ]);
}

async function atRest({ pid }: Contender): Promise<readonly Row[]> {
  await untilQuiet(cluster.raw, QUIET_MS);
  const events = await histories.total();
  const from = Date.now();
  const cpu = cpuSecondsOf(pid) ?? 0;
  await sleep(seconds * 1_000);
  const share = ((cpuSecondsOf(pid) ?? 0) - cpu) / seconds;
  const { lease, others } = await requestsOfOurs(from);
  return [
    ['at rest: API requests a minute, watches and the Lease aside', perMinute(others), '0'],
    ['at rest: requests for the Lease a minute', perMinute(lease), ''],
    ['at rest: events of history', String((await histories.total()) - events), '0'],
    ['at rest: processor', `${(100 * share).toFixed(2)} %`, '< 1 %'],
    ['at rest: resident memory', `${residentMbOf(pid)} MB`, '600 MB'],
  ];
}

interface Restart {
  readonly readyMs: number;
  readonly from: number;
  readonly events: number;
}

async function restarted(ours: Contender, { readyMs, from, events }: Restart): Promise<readonly Row[]> {
  const cpu = cpuSecondsOf(ours.pid) ?? 0;
  await sleep(seconds * 1_000);
  const { others } = await requestsOfOurs(from);
  return [
    ['restart: time to ready', `${(readyMs / 1_000).toFixed(1)} s`, '10 s'],
    ['restart: signals sent', String(await signalsOf(ours)), '0'],
    ['restart: events of history', String((await histories.total()) - events), '0'],
    ['restart: API requests, watches and the Lease aside', String(others), ''],
    ['restart: processor until ready', `${cpu.toFixed(1)} s`, ''],
    ['restart: resident memory', `${residentMbOf(ours.pid)} MB`, '600 MB'],
  ];
}

async function requestsOfOurs(from: number): Promise<{ readonly lease: number; readonly others: number }> {
  if (sandbox.auditLog === undefined) throw new Error('the sandbox writes an audit log');
  const asked = await requestsBy(OURS, sandbox.auditLog, from);
  const { leases: lease = 0, ...rest } = Object.fromEntries(asked);
  say(`asked: ${JSON.stringify(rest)}`);
  return { lease, others: Object.values(rest).reduce((sum, count) => sum + count, 0) };
}

/** @throws Error when it tells nothing of signals. */
async function signalsOf({ healthPort }: Contender): Promise<number> {
  const { body } = await request(`http://127.0.0.1:${healthPort}/metrics`);
  const counts = Array.from((await body.text()).matchAll(/^durable_operator_signals_total\{.*\} (\d+)$/gm));
  if (counts.length === 0) throw new Error('the metrics tell nothing of signals');
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

function perMinute(count: number): string {
  return ((count * 60) / seconds).toFixed(1);
}

function each(count: number): string {
  return (count / resources).toFixed(1);
}
