import type { WorkflowHistories } from './histories.ts';
import type { Histories, Idle, Measurement, PhaseTime, StateSize } from './measurement.ts';
import type { Task } from './measure.ts';
import { drift, idle, install, remove, settled, upgrade, type Bench } from './phases.ts';
import { say } from './say.ts';
import type { PhaseName, Settings } from './settings.ts';

/** What the phases of one measurement have found so far. */
export interface Found {
  times: readonly PhaseTime[];
  costs: Measurement['costs'];
  idle?: Idle;
  histories?: Histories;
}

/** A workflow hands over its state after some 500 events, and an upgrade is at least a dozen. */
const MOST_UPGRADES = 40;

/**
 * The phases, one after the other, each begun when the one before has come to its end. What is found is written into `found`
 * at once, so that a phase that fails loses nothing.
 */
export async function runPhases(
  bench: Bench,
  task: Task,
  { phases, idleSeconds }: Settings,
  found: Found,
): Promise<void> {
  const { histories } = bench;
  const wants = (name: PhaseName): boolean => phases.includes(name);
  const measured = async (name: PhaseName, run: (bench: Bench) => Promise<PhaseTime[]>): Promise<void> => {
    const { result, cost } = await bench.meter.of(() => run(bench));
    found.times = [...found.times, ...result];
    found.costs = { ...found.costs, [name]: cost };
    await settled(bench);
  };
  await measured('install', install);
  const installed = await histories?.longest();
  // Idleness is a matter of yes or no: once is enough.
  if (wants('idle') && task.round === 1) found.idle = await idle(bench, idleSeconds);
  if (wants('upgrade')) await measured('upgrade', upgrade);
  const upgraded = await histories?.longest();
  if (wants('drift')) await measured('drift', drift);
  if (histories && installed !== undefined && upgraded !== undefined)
    found.histories = {
      install: installed,
      upgrade: upgraded - installed,
      ...(await look(bench, histories, task)),
    };
  if (wants('delete')) await measured('delete', remove);
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
