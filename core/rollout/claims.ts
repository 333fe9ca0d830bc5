/**
 * Which objects behind an API are this resource's. A key enters the inventory, and the status, before the object is created, so
 * that no lost answer and no lost process leaves one behind that nothing names.
 */
import { isExternal } from '../plan/categories.ts';
import type { ObjectKey } from '../refs.ts';
import { withRefusal } from './refusal.ts';
import type { Entry, PlanView, ReconcileState, Refusal } from './state.ts';
import { placeOf, without } from './state.ts';
import type { Step } from './step.ts';

/** What a first look at an external object gave. */
export type Claim =
  | { readonly key: ObjectKey; readonly claimed: true; readonly origin: NonNullable<Entry['origin']> }
  | ({ readonly key: ObjectKey; readonly claimed: false } & Pick<
      Refusal,
      'reason' | 'message' | 'token' | 'heir' | 'read'
    > & {
        readonly retryAfterMs?: number;
      });

/** Before an external object is applied for the first time, it is claimed. */
export function claimedFirst(step: Step, { inventory }: ReconcileState): Step {
  if (step.kind !== 'apply') return step;
  const fresh = step.keys.filter((key) => isExternal(key) && !(key in inventory));
  return fresh.length > 0 ? { kind: 'claim', keys: fresh } : step;
}

/** Records which objects may be on their servers from now on because of this resource. */
export function foldClaimed(
  state: ReconcileState,
  { refs }: PlanView,
  claims: readonly Claim[],
  now: number,
): ReconcileState {
  return claims.reduce((next, claim) => {
    const { key } = claim;
    const ref = refs[key];
    if (!ref) return next;
    if (!claim.claimed) return withRefusal(next, { ...claim, digest: ref.digest }, now);
    const { origin } = claim;
    const entry: Entry = { digest: '', uid: '', fields: '', origin, unconfirmed: true, ...placeOf(ref) };
    return {
      ...next,
      inventory: { ...next.inventory, [key]: entry },
      refusals: without(next.refusals, key),
    };
  }, state);
}

/** One look that finds nothing is not enough to forget what was written to a server: it stays, and is written again. */
export function foldAbsent(state: ReconcileState, key: ObjectKey, entry: Entry): ReconcileState {
  const { health: _, ...rest } = entry;
  return {
    ...state,
    inventory: { ...state.inventory, [key]: { ...rest, digest: '', fields: '' } },
    refusals: without(state.refusals, key),
    unhealthy: without(state.unhealthy, key),
  };
}
