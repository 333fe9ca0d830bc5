/**
 * The fault-injection suite: `npm run test:faults`. Exits 1 when a change was lost or a law was broken, with the seed that
 * tells it again: `npm run test:faults -- --seed 42`.
 */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { Command, InvalidArgumentError, Option } from 'commander';
import { byChance, campaign } from './campaign.ts';
import type { FaultWorld, TemporalKind } from './fault-world.ts';
import { HANDS } from './hands.ts';
import { CRASHES, FAULTS, KILLS, LOSSES, OUTAGES } from './faults.ts';
import { isBroken, linesOf } from './report.ts';
import { Soak } from './soak.ts';
import { StepKiller } from './steps.ts';

interface Flags {
  readonly seed: number;
  readonly rounds: number;
  readonly minutes?: number;
  readonly resources: number;
  readonly replicas: number;
  readonly temporal: TemporalKind;
  readonly only?: string;
  readonly outages: boolean;
  readonly spare?: true;
  readonly keep?: true;
  readonly steps?: true;
}

function countOf(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 0) throw new InvalidArgumentError('it is a whole number.');
  return count;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function keep({ sandbox, temporalAddress, namespace }: FaultWorld): Promise<void> {
  const { kubeconfig, directory } = sandbox;
  say(
    `kept until Ctrl-C: KUBECONFIG=${kubeconfig} namespace ${namespace}, Temporal ${temporalAddress}, logs ${directory}`,
  );
  await once(process, 'SIGINT');
}

const flags = new Command('test:faults')
  .option('--seed <number>', 'tells a run again', countOf, randomInt(2 ** 31))
  .option('--rounds <number>', 'how many rounds', countOf, 36)
  .option('--minutes <number>', 'rounds for so long, and a report of what the programs use', countOf)
  .option('--resources <number>', 'how many resources', countOf, 6)
  .option('--replicas <number>', 'how many replicas of the program', countOf, 2)
  .addOption(
    new Option('--temporal <kind>', 'the development server, or the real one on PostgreSQL')
      .choices(['dev', 'postgres'])
      .default('dev'),
  )
  .option('--only <text>', 'only faults whose name has this')
  .option('--spare', 'let the program live, to see what it uses in the long run')
  .option('--no-outages', 'leave out the outages of a minute')
  .option('--steps', 'kill the program at every step of an upgrade, and nothing else')
  .option('--keep', 'leave everything up when a law was broken, until Ctrl-C')
  .parse()
  .opts<Flags>();

const ofTemporal = flags.temporal === 'dev' ? LOSSES : CRASHES;
const all = {
  ...FAULTS,
  ...HANDS,
  ...(flags.spare ? {} : KILLS),
  ...ofTemporal,
  ...(flags.outages ? OUTAGES : {}),
};
const faults = Object.fromEntries(Object.entries(all).filter(([name]) => name.includes(flags.only ?? '')));
if (Object.keys(faults).length === 0) {
  say(`no fault is named so; there are:\n${Object.keys(all).join('\n')}`);
  process.exit(1);
}
const { minutes } = flags;
const soak = minutes === undefined ? undefined : new Soak(minutes, say);
const killer = flags.steps ? new StepKiller() : undefined;
const report = await campaign({
  ...flags,
  ...(killer
    ? { play: (world, owners, _, round) => killer.play(world, owners, round) }
    : byChance(faults, flags.resources)),
  goesOn: (round) => killer?.goesOn() ?? soak?.goesOn() ?? round < flags.rounds,
  patienceMs: 120_000 + flags.resources * 500,
  say,
  onRound: (world) => soak?.look(world),
  onReport: async (found, world) => {
    for (const line of ['', ...linesOf(found)]) say(line);
    if (flags.keep && isBroken(found)) await keep(world);
  },
});
await soak?.tell();
const growths = soak?.growths ?? [];
for (const growth of growths) say(`broken: ${growth}`);
if (isBroken(report) || growths.length > 0) {
  const others = process.argv
    .slice(2)
    .filter((word, index, all) => ![word, all[index - 1]].includes('--seed'));
  say(`a law was broken; again with: npm run test:faults -- ${['--seed', flags.seed, ...others].join(' ')}`);
  process.exitCode = 1;
}
