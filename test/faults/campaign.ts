/**
 * Rounds of changes and faults, each ended by the same question: is the cluster what the resources say? And at the end: was
 * anything that is wanted ever deleted, was any pod replaced more often than asked, was any order broken, and would a worker
 * that begins now decide as those did that were here?
 */
import { setTimeout as delay } from 'node:timers/promises';
import { judgeDeeds } from './deeds.ts';
import type { TemporalKind } from './fault-world.ts';
import { FaultWorld } from './fault-world.ts';
import type { Fault } from './faults.ts';
import { Owners } from './owners.ts';
import { Chance } from './random.ts';
import type { CampaignReport, Round } from './report.ts';
import { replayedOtherwise } from './histories.ts';
import { settle } from './verdict.ts';

export interface CampaignOptions {
  readonly seed: number;
  readonly resources: number;
  readonly replicas: number;
  /** @defaultValue `dev` */
  readonly temporal?: TemporalKind;
  /** Changes, and faults in the middle of what they cause. Answers which. */
  play(world: FaultWorld, owners: Owners, chance: Chance, round: number): Promise<readonly string[]>;
  /** Whether another round is to begin. */
  readonly goesOn: (round: number) => boolean;
  /** How long after the last fault the cluster may take to be as wanted. */
  readonly patienceMs: number;
  say(line: string): void;
  onRound?(world: FaultWorld): void;
  /** At the end, while the world is still there. */
  onReport?(report: CampaignReport, world: FaultWorld): Promise<void>;
}

export async function campaign(options: CampaignOptions): Promise<CampaignReport> {
  const { seed, resources, replicas, temporal = 'dev', say } = options;
  const name = `faults-${process.pid}-${seed}`;
  await using world = await FaultWorld.open({ name, replicas, temporal, say });
  const chance = new Chance(seed);
  const owners = new Owners(world, chance);
  await owners.begin(resources);
  const installed = await settle(world, options.patienceMs + resources * 1_000);
  if (installed.length > 0) throw new Error(`the install did not finish:\n${installed.join('\n')}`);
  say(`seed ${seed}: ${resources} resources are installed`);

  const rounds: Round[] = [];
  let lost: readonly string[] = [];
  while (lost.length === 0 && options.goesOn(rounds.length)) {
    const beganAt = Date.now();
    const faults = await options.play(world, owners, chance, rounds.length);
    const healedAt = performance.now();
    lost = await settle(world, options.patienceMs);
    const recoveryMs = performance.now() - healedAt;
    rounds.push({ faults, beganAt, recoveryMs });
    const outcome = `${lost.length > 0 ? 'NOT ' : ''}as wanted after ${Math.round(recoveryMs)} ms`;
    say(`round ${rounds.length}: ${faults.join(', then ') || 'no fault'}: ${outcome}`);
    if (lost.length === 0) options.onRound?.(world);
  }
  const { applies, duplicates, broken } = await judgeDeeds(world, owners);
  const report: CampaignReport = {
    seed,
    rounds,
    changes: owners.changes,
    edits: owners.edits,
    lost,
    applies,
    duplicates,
    ends: world.programs.ends,
    violations: [
      ...world.witness.violations,
      ...world.programs.leaks,
      ...world.programs.stuck,
      ...broken,
      ...(await replayedOtherwise(world)),
    ],
  };
  await options.onReport?.(report, world);
  return report;
}

/** A round of chance: some changes, one fault in turn, now and then a second one, and somebody's hand. */
export function byChance(
  faults: Readonly<Record<string, Fault>>,
  resources: number,
): Pick<CampaignOptions, 'play'> {
  const all = Object.keys(faults);
  return {
    async play(world, owners, chance, round) {
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
    },
  };
}
