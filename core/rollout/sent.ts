/**
 * Objects of the cluster that no owner reference collects: cluster-scoped ones, and those in another namespace. Nothing but this
 * workflow deletes them, so their keys are known before they are sent: an apply whose answer is lost may have made them.
 */
import { isExternal } from '../plan/categories.ts';
import type { ObjectKey } from '../refs.ts';
import type { ApplyResult } from './fold.ts';
import type { Entry, PlanView, ReconcileState } from './state.ts';

/** It may be there: whether it is, and is ours, is found out before it is deleted. */
const UNSEEN: Entry = { digest: '', uid: '', fields: '', uncollected: true };

/** Records what is about to be sent for the first time. */
export function foldSending(
  state: ReconcileState,
  { refs }: PlanView,
  keys: readonly ObjectKey[],
): ReconcileState {
  const fresh = keys.filter((key) => refs[key]?.uncollected && !(key in state.inventory));
  return withSent(state, [...new Set([...(state.sent ?? []), ...fresh])]);
}

/**
 * Forgets what the inventory has by now, and what the API server refused: that was not made. What an earlier apply may have made
 * stays known.
 */
export function foldAnswered(
  state: ReconcileState,
  before: ReconcileState,
  results: readonly ApplyResult[],
): ReconcileState {
  const refused = new Set(results.flatMap(({ key, applied }) => (applied ? [] : [key])));
  const earlier = new Set(before.sent);
  const open = (state.sent ?? []).filter(
    (key) => !(key in state.inventory) && (!refused.has(key) || earlier.has(key)),
  );
  return withSent(state, open);
}

/** What was sent and is not wanted is to go, as everything in the inventory that is not wanted. */
export function foldUnwanted(state: ReconcileState, refs: PlanView['refs']): ReconcileState {
  const sent = state.sent ?? [];
  const unwanted = sent.filter((key) => !(key in refs) && !(key in state.inventory));
  if (unwanted.length === 0) return state;
  const entries = unwanted.map((key) => [key, UNSEEN] as const);
  const inventory = { ...state.inventory, ...Object.fromEntries(entries) };
  return withSent(
    { ...state, inventory },
    sent.filter((key) => !(key in inventory)),
  );
}

/** Whether something would be left behind if the resource went without this workflow. */
export function leavesBehind({ inventory, sent = [] }: ReconcileState): boolean {
  return (
    sent.length > 0 ||
    Object.entries(inventory).some(([key, { uncollected }]) => isExternal(key) || uncollected === true)
  );
}

function withSent({ sent: _, ...state }: ReconcileState, sent: readonly ObjectKey[]): ReconcileState {
  return sent.length > 0 ? { ...state, sent } : state;
}
