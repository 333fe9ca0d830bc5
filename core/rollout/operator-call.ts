/** Whether a call of operator code that is under way is still to be waited for. */
import { pauseOf, pausesAt } from './hold.ts';
import type { PlanView, ReconcileState } from './state.ts';
import type { Step, Waiting } from './step.ts';

type Call = Extract<Step, { kind: 'gate' | 'hook' }> | Waiting;

/** @param before the plan that it was called for. A newer plan calls again; a pause ends a hook, which changes something. */
export function isSameCall(call: Call, before: PlanView, plan: PlanView, now: number): boolean {
  if (plan.uid !== before.uid || plan.generation !== before.generation || plan.digest !== before.digest)
    return false;
  if (call.kind === 'gate') return plan.refs[call.key]?.gate === call.gate;
  const isPaused = pausesAt(plan.orders, now).some(({ scope }) => scope === 'all' || scope === 'rollouts');
  if (isPaused) return false;
  if (call.kind === 'wait') return plan.routineEveryMs !== undefined;
  const ref = plan.refs[call.key];
  return ref !== undefined && ref[call.when] === call.hook && !pauseOf(plan.orders, ref, now);
}

/** A gate answers soon, as a rule, and is asked often; of a hook that failed the status says more than that it runs again. */
export function isQuiet(call: Call, { refusals }: ReconcileState): boolean {
  return call.kind !== 'hook' || call.key in refusals;
}
