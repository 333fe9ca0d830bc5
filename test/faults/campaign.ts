/**
 * Rounds of changes and faults, each ended by the same question: is the cluster what the resources say? And at the end: was
 * anything that is wanted ever deleted, was any pod replaced more often than asked, was any order broken?
 */
import { setTimeout as delay } from 'node:timers/promises';
import { deedsIn } from './audit-log.ts';
import { FaultWorld } from './fault-world.ts';
import type { Fault } from './faults.ts';
import { Owners } from './owners.ts';
import { underFault } from './operator.ts';
import { Chance } from './random.ts';
import { differences, wantedNames } from './verdict.ts';

export interface CampaignOptions {
  readonly seed: number;
  readonly resources: number;
  readonly replicas: number;
  readonly faults: Readonly<Record<string, Fault>>;
  /** Whether another round is to begin. */
  readonly goesOn: (round: number) => boolean;
  /** How long after the last fault the cluster may take to be as wanted. */
  readonly patienceMs: number;
  say(line: string): void;
  onRound?(world: FaultWorld): void;
}

export interface CampaignReport {
  readonly seed: number;
  readonly rounds: number;
  readonly faults: number;
  readonly changes: number;
  readonly edits: number;
  /** Rounds after which the cluster was not as wanted. */
  readonly lost: number;
  /** Of the program's applies to workloads: how many, and how many of them changed nothing. */
  readonly applies: number;
  readonly duplicates: number;
  /** From the end of the last fault to a cluster as wanted. */
  readonly recoveryMs: { readonly p50: number; readonly p99: number };
  /** How often a program ended by itself. */
  readonly ends: readonly string[];
  /** What broke a law, in words. */
  readonly violations: readonly string[];
}

const LOOK_EVERY_MS = 200;

export async function campaign(options: CampaignOptions): Promise<CampaignReport> {
  const { seed, resources, replicas, say } = options;
  await using world = await FaultWorld.open(`faults-${process.pid}-${seed}`, replicas);
  const chance = new Chance(seed);
  const owners = new Owners(world, chance);
  await owners.begin(resources);
  const installed = await settle(world, options.patienceMs + resources * 1_000);
  if (installed.length > 0) throw new Error(`the install did not finish:\n${installed.join('\n')}`);
  say(`seed ${seed}: ${resources} resources are installed`);

  const violations: string[] = [];
  const recoveries: number[] = [];
  let [rounds, faults, lost] = [0, 0, 0];
  while (options.goesOn(rounds)) {
    const names = await play(world, owners, chance, { ...options, round: rounds++ });
    faults += names.length;
    const began = performance.now();
    const left = await settle(world, options.patienceMs);
    const tookMs = performance.now() - began;
    recoveries.push(tookMs);
    say(
      `round ${rounds}: ${names.join(', then ')}: ${left.length > 0 ? 'NOT ' : ''}as wanted after ${Math.round(tookMs)} ms`,
    );
    if (left.length > 0) {
      lost++;
      violations.push(...left.map((each) => `round ${rounds} (${names.join(', ')}): ${each}`));
      break;
    }
    options.onRound?.(world);
  }
  violations.push(...world.witness.violations);
  const { applies, broken } = await judgeDeeds(world, owners);
  return {
    seed,
    rounds,
    faults,
    changes: owners.changes,
    edits: owners.edits,
    lost,
    applies,
    duplicates: Math.max(0, applies - world.witness.counts.changed),
    recoveryMs: { p50: percentile(recoveries, 0.5), p99: percentile(recoveries, 0.99) },
    ends: world.programs.ends,
    violations: [...violations, ...broken],
  };
}

/** One round: changes, and faults in the middle of what they cause. Answers which. */
async function play(
  world: FaultWorld,
  owners: Owners,
  chance: Chance,
  { faults, resources, round }: CampaignOptions & { readonly round: number },
): Promise<readonly string[]> {
  const all = Object.keys(faults);
  const inTurn = all[round % all.length] ?? '';
  const chosen = [inTurn, ...(chance.is(0.3) ? [chance.oneOf(all)] : [])];
  for (let count = chance.between(1, Math.min(resources, 4)); count > 0; count--) await owners.change();
  for (const name of chosen) {
    await delay(chance.between(0, 1_500));
    if (chance.is(0.3)) await owners.edit();
    await faults[name]?.(world, chance);
    if (chance.is(0.3)) await owners.change();
  }
  return chosen;
}

/** Waits until nothing differs; answers what still does when patience ends. */
async function settle(world: FaultWorld, patienceMs: number): Promise<readonly string[]> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const left = await differences(world.api, underFault, world.namespace).catch((error: unknown) => [
      String(error),
    ]);
    if (left.length === 0 || performance.now() > deadline) return left;
    await delay(LOOK_EVERY_MS);
  }
}

const OURS = 'durable-operator';
const CONTROLLERS = 'kube-controller-manager';
const OWNED: readonly string[] = ['configmaps', 'services', 'statefulsets'];

async function judgeDeeds(
  { api, sandbox, namespace }: FaultWorld,
  owners: Owners,
): Promise<{ readonly applies: number; readonly broken: readonly string[] }> {
  const broken: string[] = [];
  const restarts = new Map<string, number>();
  let applies = 0;
  const wanted = await wantedNames(api, underFault, namespace);
  if (sandbox.auditLog === undefined) throw new Error('the sandbox writes an audit log');
  for await (const { verb, by, resource, subresource, name, code } of deedsIn(sandbox.auditLog, namespace)) {
    if (code >= 300 || subresource !== '') continue;
    // 201 is a creation, and no duplicate can be one.
    if (by === OURS && resource === 'statefulsets' && verb === 'patch' && code === 200) applies++;
    // No version of a ConfigMap comes back, so one that is wanted now was wanted ever since it was made.
    const isWanted = resource === 'configmaps' ? wanted.has(name) : !owners.isUnwanted(name);
    if (by === OURS && verb === 'delete' && OWNED.includes(resource) && isWanted)
      broken.push(`${resource}/${name} was deleted, and it was wanted`);
    const [, workload] =
      by === CONTROLLERS && resource === 'pods' && verb === 'delete' ? (/^(.*)-0$/.exec(name) ?? []) : [];
    if (workload) restarts.set(workload, (restarts.get(workload) ?? 0) + 1);
  }
  for (const [workload, count] of restarts) {
    const asked = owners.restartsAsked(workload);
    if (asked !== undefined && count > asked)
      broken.push(`pod ${workload}-0 was replaced ${count} times, and ${asked} changes asked for it`);
  }
  if (applies === 0) broken.push('the audit log tells of no apply: nothing was judged');
  return { applies, broken };
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}
