/** What may be removed now, of what is to go. An external object goes before what it uses, and after what uses it. */
import { awaits } from '../plan/categories.ts';
import type { ObjectKey } from '../refs.ts';
import type { ReconcileState } from './state.ts';
import { without } from './state.ts';

/** Of `keys`, those that no other of `remaining` needs in order to go. */
export function unused(
  keys: readonly ObjectKey[],
  remaining: readonly ObjectKey[],
  { inventory }: ReconcileState,
): readonly ObjectKey[] {
  const needed = new Set(
    remaining.flatMap((user) =>
      (inventory[user]?.uses ?? []).filter((used) => used !== user && awaits(user, used)),
    ),
  );
  return keys.filter((key) => !needed.has(key));
}

/** Its removal was refused a moment ago. */
export function isPostponed(key: ObjectKey, { refusals }: ReconcileState, now: number): boolean {
  return (refusals[key]?.retryAt ?? 0) > now;
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
