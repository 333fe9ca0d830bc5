/**
 * Measures what many resources cost while nothing happens, and what a restart of the program costs then: `npm run bench:rest --
 * [resources] [seconds]`. One process is bridge and worker, as the image runs it, with a Lease; resources are those of
 * `one-node.yaml`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import type { OwnedSandbox } from '../sandbox/index.ts';
import { startSandbox } from '../sandbox/index.ts';
import type { Cluster } from './cluster.ts';
import { connectCluster, createNamespace, installDefinition, readTemplate } from './cluster.ts';
import type { Contender } from './contenders.ts';
import { startOurs } from './contenders.ts';
import { Fleet, NAMESPACE } from './fleet.ts';
import { WorkflowHistories } from './histories.ts';
import { requestsBy } from './our-requests.ts';
import { cpuSecondsOf, residentMbOf } from './process-usage.ts';
import { untilQuiet } from './requests.ts';
import { say } from './say.ts';
import { Workloads } from './workloads.ts';

/** How many small resources a second a busy machine installs at the least. */
const SLOWEST_PER_SECOND = 2;
const QUIET_MS = 300_000;
const OURS = 'durable-operator';

type Row = readonly [what: string, measured: string, target: string];

const [resources = 1_000, seconds = 60] = process.argv.slice(2).map(Number);
const ending = new AbortController();
await using sandbox = await startSandbox({
  name: `rest-${process.pid}`,
  auditLog: true,
  signal: ending.signal,
});
await using cluster = connectCluster(sandbox.kubeconfig);
await Promise.all([installDefinition(cluster), createNamespace(cluster, NAMESPACE)]);
const names = Array.from({ length: resources }, (_, index) => `p${index}`);
const fleet = new Fleet(cluster.api, await readTemplate('./one-node.yaml'), names);
const rows: Row[] = [];
{
  await using ours = await start();
  await install(fleet, cluster);
  rows.push(...(await atRest(ours, fleet, cluster)));
}
rows.push(...(await restarted(fleet, cluster)));
console.log(`| ${resources} resources | measured | target |\n| --- | ---: | ---: |`);
for (const row of rows) console.log(`| ${row.join(' | ')} |`);

function start(): Promise<Contender> {
  const flags = ['--leader-elect', '--leader-elect-namespace', NAMESPACE, '--log-level', 'warn'];
  return startOurs({ sandbox, signal: ending.signal, flags });
}

async function install({ names: all }: Fleet, { api, raw }: Cluster): Promise<void> {
  await using workloads = new Workloads(api);
  await workloads.synced;
  const began = performance.now();
  const timeoutMs = 60_000 + (all.length / SLOWEST_PER_SECOND) * 1_000;
  const isReached: Parameters<Workloads['reach']>[0]['isReached'] = ([only]) => only?.isDone === true;
  await Promise.all([
    workloads.reach({ what: 'installed', resources: all, timeoutMs, isReached }),
    fleet.install(),
  ]);
  say(`installed after ${((performance.now() - began) / 1_000).toFixed(1)} s`);
  await untilQuiet(raw, QUIET_MS);
}

async function atRest({ pid }: Contender, of: Fleet, { raw }: Cluster): Promise<readonly Row[]> {
  await using histories = await WorkflowHistories.open(sandbox.temporal.address, of);
  await untilQuiet(raw, QUIET_MS);
  const events = await histories.total();
  const from = Date.now();
  const cpu = cpuSecondsOf(pid) ?? 0;
  await sleep(seconds * 1_000);
  const share = ((cpuSecondsOf(pid) ?? 0) - cpu) / seconds;
  const asked = await askedSince(sandbox, from);
  const lease = asked.get('leases') ?? 0;
  const all = Array.from(asked.values()).reduce((sum, count) => sum + count, 0);
  const others = Array.from(asked).filter(([resource]) => resource !== 'leases');
  if (others.length > 0) say(`asked at rest: ${JSON.stringify(others)}`);
  return [
    ['at rest: API requests a minute, watches and the Lease aside', perMinute(all - lease), '0'],
    ['at rest: requests for the Lease a minute', perMinute(lease), ''],
    ['at rest: events of history', String((await histories.total()) - events), '0'],
    ['at rest: processor', `${(100 * share).toFixed(2)} %`, '< 1 %'],
    ['at rest: resident memory', `${residentMbOf(pid)} MB`, '600 MB'],
  ];
}

async function restarted(of: Fleet, { raw }: Cluster): Promise<readonly Row[]> {
  await using histories = await WorkflowHistories.open(sandbox.temporal.address, of);
  const events = await histories.total();
  const from = Date.now();
  const began = performance.now();
  await using ours = await start();
  const readyMs = performance.now() - began;
  const cpu = cpuSecondsOf(ours.pid) ?? 0;
  await sleep(seconds * 1_000);
  await untilQuiet(raw, QUIET_MS);
  const asked = Array.from((await askedSince(sandbox, from)).entries());
  const requests = asked
    .filter(([resource]) => resource !== 'leases')
    .reduce((sum, [, count]) => sum + count, 0);
  return [
    ['restart: time to ready', `${(readyMs / 1_000).toFixed(1)} s`, '10 s'],
    ['restart: signals sent', String(await signalsOf(ours)), '0'],
    ['restart: events of history', String((await histories.total()) - events), '0'],
    ['restart: API requests, watches and the Lease aside', String(requests), ''],
    ['restart: processor until ready', `${cpu.toFixed(1)} s`, ''],
    ['restart: resident memory', `${residentMbOf(ours.pid)} MB`, '600 MB'],
  ];
}

function askedSince({ auditLog }: OwnedSandbox, from: number): Promise<ReadonlyMap<string, number>> {
  if (auditLog === undefined) throw new Error('the sandbox writes an audit log');
  return requestsBy(OURS, auditLog, from);
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
