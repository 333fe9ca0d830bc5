/** How a workload is replaced with its pods, since its selector or its claims are others: in its turn, as a part of a rollout. */
import { OUR_REASONS } from '../reasons.ts';
import type { ObjectKey } from '../refs.ts';
import { beginRollout } from './begin-rollout.ts';
import type { ApplyResult } from './fold.ts';
import { foldApplied } from './fold.ts';
import { foldReshaping } from './reshape.ts';
import type { PlanView, ReconcileState } from './state.ts';
import { without } from './state.ts';

/** All its pods are to be replaced: that disrupts, and so is a rollout in which it takes its turn. */
export function foldInTurn(
  state: ReconcileState,
  plan: PlanView,
  { key, why: message }: { readonly key: ObjectKey; readonly why: string },
  now: number,
): ReconcileState {
  const waiting = { reason: OUR_REASONS.Recreating, message, inTurn: true as const };
  return beginRollout(foldReshaping(state, key, waiting, { now, lookAgain: 'at once' }), plan, now);
}

/** It was made anew from nothing, together with its pods. */
export function foldReplaced(
  state: ReconcileState,
  plan: PlanView,
  result: ApplyResult,
  now: number,
): ReconcileState {
  const inventory = without(state.inventory, result.key);
  return foldApplied({ ...state, inventory }, plan, [result], now);
}
