/**
 * Measures this project beside a hand-written Go operator for the same custom resource: in one run, taking turns, each
 * alone on a fresh control plane. What it prints is what `docs/benchmarks.md` explains.
 */
import { appendFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Measurement } from './measurement.ts';
import { measure, type Task } from './measure.ts';
import { say } from './say.ts';
import { CONTENDERS, PHASES, type PhaseName, type Settings } from './settings.ts';
import { tableOf } from './table.ts';

interface Flags {
  readonly sizes: readonly number[];
  readonly rounds: number;
  readonly phases: readonly PhaseName[];
  readonly idle: number;
  readonly limit: number;
  readonly out?: string;
  readonly profile?: string;
  readonly oursOnly?: true;
}

const program = new Command('bench')
  .description('Measure this project beside a hand-written Go operator.')
  .option('--sizes <n,...>', 'how many resources', numbersOf, [1, 30, 300])
  .option('--rounds <n>', 'how often each is measured', numberOf, 3)
  .option('--phases <name,...>', `of ${PHASES.join(', ')}`, phasesOf, [...PHASES])
  .option('--idle <seconds>', 'how long nothing happens', numberOf, 60)
  .option('--limit <minutes>', 'begin no measurement after so many', numberOf, 60)
  .option('--out <file>', 'append each measurement as a line of JSON')
  .option('--ours-only', 'leave the peer out')
  .addOption(new Option('--profile <directory>', 'write CPU profiles of our operator').hideHelp())
  .action(run);
await program.parseAsync();

async function run({ idle, limit, oursOnly, ...flags }: Flags): Promise<void> {
  const contenders = oursOnly ? (['ours'] as const) : CONTENDERS;
  const settings: Settings = { ...flags, idleSeconds: idle, contenders };
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort()).once('SIGTERM', () => interrupted.abort());
  // A client that is closed while it tries again throws from its timer. Whoever waited for it has been told; what was measured counts.
  process.on('uncaughtException', (error) => say(`left behind by a measurement: ${error.message}`));
  const measurements: Measurement[] = [];
  const tasks = tasksOf(settings);
  const deadline = performance.now() + limit * 60_000;
  for (const [index, task] of tasks.entries()) {
    if (interrupted.signal.aborted) break;
    if (performance.now() > deadline) {
      say(`the limit of ${limit} minutes is over: ${tasks.length - index} measurements are left out`);
      break;
    }
    try {
      const measurement = await measure(task, settings, interrupted.signal);
      measurements.push(measurement);
      say(lineOf(measurement));
      if (settings.out) await appendFile(settings.out, `${JSON.stringify(measurement)}\n`);
    } catch (error) {
      process.exitCode = 1;
      say(`${task.contender} ${task.resources} #${task.round} could not be measured: ${String(error)}`);
    }
  }
  process.stdout.write(`${tableOf(measurements)}\n`);
}

/** The contenders take turns, and each round begins with the other one. */
function tasksOf({ sizes, rounds, contenders }: Settings): Task[] {
  return sizes.flatMap((resources) =>
    Array.from({ length: rounds }, (_, index) => index + 1).flatMap((round) => {
      const order = round % 2 === 1 ? contenders : contenders.toReversed();
      return order.map((contender) => ({ contender, resources, round }));
    }),
  );
}

function lineOf({
  contender,
  resources,
  round,
  times,
  usage,
  idle,
  histories,
  trouble,
}: Measurement): string {
  const parts = [
    ...times.map(({ phase, last }) => `${phase} ${last.toFixed(2)}`),
    ...(idle ? [`idle: ${idle.writes} writes, ${idle.reads} reads, ${idle.historyEvents} events`] : []),
    ...(histories ? [`events ${histories.install ?? ''} + ${histories.upgrade ?? ''}`] : []),
    ...Object.entries(usage).map(([name, { cpuSeconds, peakMb }]) => `${name} ${cpuSeconds} s, ${peakMb} MB`),
    ...(trouble ? [`broken off: ${trouble}`] : []),
  ];
  return `${contender} ${resources} #${round}: ${parts.join('; ')}`;
}

function numberOf(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a whole number from 1.');
  return value;
}

function numbersOf(text: string): number[] {
  return text.split(',').map(numberOf);
}

function phasesOf(text: string): PhaseName[] {
  return text.split(',').map((word) => {
    const phase = PHASES.find((each) => each === word);
    if (!phase) throw new InvalidArgumentError(`phases are ${PHASES.join(', ')}.`);
    return phase;
  });
}
