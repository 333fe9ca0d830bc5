/** What may be removed now, of what is to go. An external object goes before what it uses, and after what uses it. */
import { awaits, isExternal } from '../plan/categories.ts';
import type { ObjectKey } from '../refs.ts';
import type { ReconcileState } from './state.ts';
import { without } from './state.ts';

/** Of `keys`, those that no other of `remaining` needs in order to go. */
export function unused(
  keys: readonly ObjectKey[],
  remaining: readonly ObjectKey[],
  state: ReconcileState,
): readonly ObjectKey[] {
  const { inventory } = state;
  const needed = new Set(
    remaining.flatMap((user) =>
      (inventory[user]?.uses ?? []).filter(
        (used) =>
          used !== user &&
          awaits(user, used) &&
          // An external object needs no other that its server does not show any more; the server itself it may still need.
          !(isExternal(used) && isSettling(user, state)),
      ),
    ),
  );
  return keys.filter((key) => !needed.has(key));
}

/** Its removal was refused a moment ago, or its server did not show it and is asked once more. */
export function isPostponed(key: ObjectKey, state: ReconcileState, now: number): boolean {
  return (askedAgainAt(key, state) ?? 0) > now;
}

/** In epoch milliseconds. */
export function askedAgainAt(key: ObjectKey, { refusals, inventory }: ReconcileState): number | undefined {
  return refusals[key]?.retryAt ?? inventory[key]?.absentUntil;
}

/** Its server did not show it, and is asked once more. */
export function isSettling(key: ObjectKey, { inventory }: ReconcileState): boolean {
  return inventory[key]?.absentUntil !== undefined;
}

/**
 * Forgets objects whose removal was given up by somebody who answers for what stays behind. What is still desired is
 * created anew.
 */
export function foldAbandoned(state: ReconcileState, keys: readonly ObjectKey[]): ReconcileState {
  return keys.reduce(
    (next, key) => ({
      ...next,
      inventory: without(next.inventory, key),
      refusals: without(next.refusals, key),
      unhealthy: without(next.unhealthy, key),
    }),
    state,
  );
}
