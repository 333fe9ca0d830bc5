/** When an author's routine runs, and what its runs came to. */
import type { RoutineAnswer } from '../../api/routine.ts';
import { wholePause } from './hold.ts';
import type { Reads } from './reads.ts';
import type { PlanView, ReconcileState, Trouble } from './state.ts';
import { rfc3339 } from './times.ts';

/** What is known of a routine between two runs. */
export interface RoutineState {
  /** Epoch milliseconds. */
  readonly nextAt: number;
  /** What the last run answered, in its JSON. */
  readonly answer?: unknown;
  readonly trouble?: Trouble;
}

/** What a run came to; durations are milliseconds by now. */
export type RoutineOutcome =
  | (Pick<RoutineAnswer<unknown>, 'state' | 'trouble'> & { readonly againMs?: number; readonly read?: Reads })
  | { readonly failure: { readonly reason: string; readonly message: string; readonly read?: Reads } };

/** A spec that changed is looked after at once; a routine that is no longer wanted leaves no trace. */
export function foldRoutinePlanned(
  state: ReconcileState,
  plan: PlanView,
  isNewer: boolean,
  now: number,
): ReconcileState {
  const { routine, ...rest } = state;
  if (plan.routineEveryMs === undefined) return rest;
  if (routine && !isNewer) return state;
  return { ...rest, routine: { ...routine, nextAt: now } };
}

/** When it runs next, in epoch milliseconds; undefined: not before somebody asks. A paused resource has no routine. */
export function routineAt({ routine }: ReconcileState, plan: PlanView, now: number): number | undefined {
  const pause = wholePause(plan.orders, now);
  if (!routine || (pause && pause.until === undefined)) return undefined;
  return Math.max(routine.nextAt, pause?.until ?? 0);
}

export function isRoutineDue(state: ReconcileState, plan: PlanView, now: number): boolean {
  return (routineAt(state, plan, now) ?? Infinity) <= now;
}

export function foldRoutine(
  state: ReconcileState,
  plan: PlanView,
  outcome: RoutineOutcome,
  now: number,
): ReconcileState {
  const every = plan.routineEveryMs ?? 0;
  if ('failure' in outcome)
    return {
      ...state,
      routine: { ...state.routine, nextAt: now + every, ...troubleOf(state, outcome.failure, now) },
    };
  const { state: answer, trouble, againMs = every, read } = outcome;
  const told = trouble ? troubleOf(state, { ...trouble, ...(read ? { read } : {}) }, now) : {};
  return { ...state, routine: { nextAt: now + againMs, answer, ...told } };
}

function troubleOf(
  { routine }: ReconcileState,
  { reason, message, read }: { readonly reason: string; readonly message: string; readonly read?: Reads },
  now: number,
): { readonly trouble: Trouble } {
  const known = routine?.trouble;
  const since = known?.reason === reason ? known.since : rfc3339(now);
  return { trouble: { reason, message, since, ...(read ? { read } : {}) } };
}
