import type { WorkflowHistories } from './histories.ts';
import type { Measurement, StateSize } from './measurement.ts';
import type { Task } from './measure.ts';
import { drift, idle, install, remove, settled, upgrade, type Bench } from './phases.ts';
import { say } from './say.ts';
import type { PhaseName, Settings } from './settings.ts';

/** What the phases of one measurement found. */
export type Found = Pick<Measurement, 'times' | 'idle' | 'histories'>;

/** A workflow hands over its state after some 500 events, and an upgrade is at least a dozen. */
const MOST_UPGRADES = 40;

/** The phases, one after the other, each begun when the one before has come to its end. */
export async function runPhases(bench: Bench, task: Task, settings: Settings): Promise<Found> {
  const { histories } = bench;
  const wants = (phase: PhaseName): boolean => settings.phases.includes(phase);
  const times = await install(bench);
  await settled(bench);
  const installed = await histories?.longest();
  // Idleness is a matter of yes or no: once is enough.
  const idled = wants('idle') && task.round === 1 ? await idle(bench, settings.idleSeconds) : undefined;
  if (wants('upgrade')) times.push(...(await phase(bench, upgrade)));
  const upgraded = await histories?.longest();
  if (wants('drift')) times.push(...(await phase(bench, drift)));
  const remembered = histories ? await look(bench, histories, task) : undefined;
  if (wants('delete')) times.push(...(await remove(bench)));
  return {
    times,
    ...(idled ? { idle: idled } : {}),
    ...(remembered && installed !== undefined && upgraded !== undefined
      ? { histories: { install: installed, upgrade: upgraded - installed, ...remembered } }
      : {}),
  };
}

async function phase<Result>(bench: Bench, run: (bench: Bench) => Promise<Result>): Promise<Result> {
  const result = await run(bench);
  await settled(bench);
  return result;
}

async function look(
  bench: Bench,
  histories: WorkflowHistories,
  { resources, round }: Task,
): Promise<{ leaks: readonly string[]; searched: number; state?: StateSize }> {
  const leaks = await histories.leaks();
  const state = resources === 1 && round === 1 ? await handedOver(bench, histories) : undefined;
  return { leaks, searched: resources, ...(state ? { state } : {}) };
}

/** Upgrades a resource until its workflow hands its state to a new run. */
async function handedOver(bench: Bench, histories: WorkflowHistories): Promise<StateSize | undefined> {
  for (let count = 0; count < MOST_UPGRADES; count++) {
    const { carried } = await histories.firstRun();
    if (carried) return carried;
    await upgrade(bench);
  }
  say(`no workflow handed over its state within ${MOST_UPGRADES} upgrades`);
  return undefined;
}
