/** When an author's hooks run: around a change of what is there, and around an install only where the author says so. */
import type { PlannedRef } from '../plan/digests.ts';
import type { ReconcileState } from './state.ts';

/** Whether the workload has no pods yet that a hook could be about. */
export function isInstall({ key }: PlannedRef, { inventory, lost, reshaping }: ReconcileState): boolean {
  return !inventory[key] && !lost?.[key] && !reshaping?.[key];
}

/** Whether the hook before its change is still to run. */
export function isBeforeDue(ref: PlannedRef, state: ReconcileState): boolean {
  const { rollout } = state;
  if (!ref.before || !rollout || rollout.passages[ref.key]?.before) return false;
  return ref.hooksOnInstall === true || !isInstall(ref, state);
}
