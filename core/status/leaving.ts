/** What is said of objects that are being deleted, and what holds them. */
import { titleOf } from '../plan/categories.ts';
import type { ObjectKey } from '../refs.ts';
import type { ReconcileState } from '../rollout/state.ts';

/** Which object a deletion waits for: one that finalizers hold, or else the one that takes longest; with a semicolon. */
export function waitsLine(left: readonly ObjectKey[], state: ReconcileState): string {
  const { inventory, unhealthy } = state;
  const leaving = left.filter((key) => inventory[key]?.leaving);
  const since = (key: ObjectKey): string => unhealthy[key]?.since ?? '';
  const oldest = leaving.toSorted((a, b) => (since(a) < since(b) ? -1 : 1));
  const awaited = oldest.find((key) => isHeld(key, state)) ?? oldest[0];
  return awaited === undefined ? '' : `waits for ${titleOf(awaited)}, which ${leavingLine(awaited, state)}; `;
}

/** What holds an object that is no longer desired; empty where nothing does. */
export function pruningLine(on: readonly ObjectKey[], state: ReconcileState): string {
  const held = on.find((key) => isHeld(key, state));
  return held === undefined ? '' : `; ${titleOf(held)} ${leavingLine(held, state)}`;
}

function leavingLine(key: ObjectKey, { unhealthy }: ReconcileState): string {
  const { finalizers, message = '', since } = unhealthy[key] ?? {};
  return finalizers ? message : `is being deleted since ${since ?? ''}`;
}

function isHeld(key: ObjectKey, { unhealthy }: ReconcileState): boolean {
  return unhealthy[key]?.finalizers !== undefined;
}
