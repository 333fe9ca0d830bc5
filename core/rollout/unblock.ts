/** When a StatefulSet that an old, broken pod blocks is helped, and what is remembered of it. */
import { pauseAfter } from '../backoff.ts';
import type { PlannedRef } from '../plan/digests.ts';
import type { ObjectKey } from '../refs.ts';
import type { ReconcileState, Unblocking } from './state.ts';
import { without } from './state.ts';
import { rfc3339 } from './times.ts';

/** The reason of a health verdict: the rollout cannot go on by itself. */
export const TRAPPED = 'RolloutTrapped';
/** A pod was replaced; whether another one traps the workload is not known yet, and nobody tells. */
const REPLACED = 'PodReplaced';

const ASK_AGAIN_MS = [2_000, 60_000] as const;
/** What came of trying to replace a pod. */
export type Unblocked =
  | { readonly replaced: true; readonly pod: string; readonly replicas: number }
  | { readonly replaced: false; readonly why: string; readonly asksGate?: true };

/** A workload that is as planned, and held up by a pod that somebody must replace. */
export function isTrapped({ key, digest, template, keepsPods }: PlannedRef, state: ReconcileState): boolean {
  if (
    keepsPods ||
    state.inventory[key]?.digest !== digest ||
    ![TRAPPED, REPLACED].includes(state.unhealthy[key]?.reason ?? '')
  )
    return false;
  const known = unblockingOf(state, key, template);
  // What needs more is cured by no template: people look at it then.
  return !known || known.count < known.budget;
}

/** When to try again, in epoch milliseconds. */
export function askAgainAt({ key, template }: PlannedRef, state: ReconcileState): number {
  return unblockingOf(state, key, template)?.askAgainAt ?? 0;
}

function unblockingOf(state: ReconcileState, key: ObjectKey, template = ''): Unblocking | undefined {
  const known = state.unblocking?.[key];
  return known?.template === template ? known : undefined;
}

export function foldUnblocked(
  state: ReconcileState,
  { key, template = '' }: PlannedRef,
  result: Unblocked,
  now: number,
): ReconcileState {
  const known = unblockingOf(state, key, template) ?? { count: 0, budget: 1, attempts: 0 };
  const attempts = result.replaced ? 0 : known.attempts + 1;
  const delay = pauseAfter(Math.max(attempts, 1), ASK_AGAIN_MS);
  const unblocking: Unblocking = {
    template,
    count: known.count + Number(result.replaced),
    budget: result.replaced ? result.replicas : known.budget,
    ...(result.replaced || result.why === '' ? {} : { why: result.why }),
    attempts,
    askAgainAt: now + delay,
  };
  const next = { ...state, unblocking: { ...state.unblocking, [key]: unblocking } };
  if (!result.replaced) return next;
  const message = `pod ${result.pod} of the old revision was replaced, since it held up the rollout`;
  return {
    ...next,
    unhealthy: { ...state.unhealthy, [key]: { reason: REPLACED, message, since: rfc3339(now) } },
    inventory: withHealth(state, key),
  };
}

/** What was seen of it is no longer so. */
function withHealth({ inventory }: ReconcileState, key: ObjectKey): ReconcileState['inventory'] {
  const entry = inventory[key];
  return entry ? { ...inventory, [key]: { ...entry, health: 'InProgress' } } : inventory;
}

/** Nothing is remembered of a workload that is through. */
export function forgetUnblocking(state: ReconcileState, key: ObjectKey): ReconcileState {
  if (!state.unblocking?.[key]) return state;
  const { unblocking, ...rest } = state;
  const left = without(unblocking, key);
  return Object.keys(left).length > 0 ? { ...rest, unblocking: left } : rest;
}
