/** Which objects are to be changed now, each by itself; in which order the stages take turns is for `lane-step.ts`. */
import { awaits } from '../plan/categories.ts';
import type { PlannedRef } from '../plan/digests.ts';
import type { ObjectKey } from '../refs.ts';
import { isBesidePartition } from './canary.ts';
import { changeOf } from './change.ts';
import { isBeforeDue } from './hooks.ts';
import { pauseOf } from './hold.ts';
import { isHeld } from './references.ts';
import { isInTurn, mustReshape } from './reshape.ts';
import { takesPlace } from './renamed.ts';
import { growsFirst, isGrowing, scalesNow } from './scaling.ts';
import type { ReconcileState } from './state.ts';
import type { Moment } from './step.ts';

/** Wanted otherwise than it is, not refused, not paused, and not in need of something that was refused or is not ready. */
export function isDue(ref: PlannedRef, moment: Moment): boolean {
  return isPending(ref, moment) && !pauseOf(moment.plan.orders, ref, moment.now);
}

/** Due, but for a pause. */
export function isPending(ref: PlannedRef, moment: Moment): boolean {
  return !mustReshape(ref, moment.state) && isWanted(ref, moment);
}

/** To be replaced with its pods, as soon as it is its turn. */
export function isReplaceDue(ref: PlannedRef, moment: Moment): boolean {
  const { state, now } = moment;
  const { lookAt = now } = state.reshaping?.[ref.key] ?? {};
  return isInTurn(ref.key, state) && lookAt <= now && isWanted(ref, moment);
}

export function isReshapeDue(ref: PlannedRef, moment: Moment): boolean {
  const { plan, state, now } = moment;
  const { released, lookAt = now } = state.reshaping?.[ref.key] ?? {};
  if (!mustReshape(ref, state) || isInTurn(ref.key, state) || isRefused(ref, moment)) return false;
  // Pods without their StatefulSet wait for nobody.
  return lookAt <= now && (released === true || !pauseOf(plan.orders, ref, now));
}

export function isRefused({ key, digest }: PlannedRef, { state, now }: Moment): boolean {
  const refusal = state.refusals[key];
  if (refusal === undefined || refusal.digest !== digest) return false;
  return now < refusal.retryAt || takesPlace(refusal, state);
}

/** Whether changing the workload now disrupts nothing that an order protects. */
export function isFree(ref: PlannedRef, moment: Moment): boolean {
  const { state } = moment;
  const entry = state.inventory[ref.key];
  const change = changeOf(ref, entry);
  if (change === 'harmless' || change === 'none' || growsFirst(ref, entry, change)) return true;
  return change === 'new' && isInstalledNow(ref, moment) && !isBeforeDue(ref, state);
}

/** Of one that is new: whether it waits for no stage. */
export function isInstalledNow(ref: PlannedRef, { plan, state }: Moment): boolean {
  if (changeOf(ref, state.inventory[ref.key]) !== 'new') return false;
  // One that the rollout had not come to is put back as it was, and changes when its turn comes.
  if (isLost(ref, state)) return false;
  return plan.firstInstall === 'parallel' || ref.stage === undefined || hasRun(state);
}

/** Deleted by somebody, and wanted otherwise than it was. */
export function isLost({ key, template }: PlannedRef, { lost }: ReconcileState): boolean {
  const was = lost?.[key];
  return was !== undefined && was !== template;
}

/** In a resource that has been installed before, a missing workload is recreated at once. */
function hasRun(state: ReconcileState): boolean {
  return state.journal.length > 0;
}

function isWanted(ref: PlannedRef, moment: Moment): boolean {
  const { plan, state } = moment;
  const entry = state.inventory[ref.key];
  const isAsPlanned = entry && entry.digest === ref.digest && !entry.leaving;
  if (isAsPlanned && !scalesNow(ref, entry) && !isBesidePartition(ref, state)) return false;
  if (entry?.leaving || isGrowing(entry)) return false;
  if (isRefused(ref, moment) || isHeld(ref, plan, state)) return false;
  return !ref.uses?.some(
    (used) => used in state.refusals || (awaits(ref.key, used) && !isThere(used, moment)),
  );
}

/** As planned, and Current. */
function isThere(key: ObjectKey, { plan, state }: Moment): boolean {
  const entry = state.inventory[key];
  return entry !== undefined && entry.digest === plan.refs[key]?.digest && !entry.health && !entry.leaving;
}
