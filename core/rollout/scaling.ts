/**
 * Replicas, beside the rest of a workload: who decides about them, and in how many steps they and the pod template change.
 * A growing workload grows first and changes its template when the new pods are there; a shrinking one changes its template
 * first and shrinks when it is through. Never both in one write: a wrong one is then seen for what it is.
 */
import type { PlannedRef } from '../plan/digests.ts';
import type { ObjectKey } from '../refs.ts';
import { isAutoscaler } from '../replicas.ts';
import type { ScaleSeen } from '../scalers.ts';
import type { Change } from './change.ts';
import type { Entry, Scale } from './state.ts';

/** Of what was given back, at most this part goes in one step: what no longer has an autoscaler may still have its load. */
export const RETURN_STEP = 0.25;

type Wanted = Pick<PlannedRef, 'replicas' | 'yields'>;

/** Who decides about the replicas in our place; undefined when we do. */
export function leftTo({ replicas, yields }: Wanted, seen: ScaleSeen): string | undefined {
  if (seen.scaler) return seen.scaler;
  return yields && seen.replicas !== replicas ? seen.setBy : undefined;
}

/** What is to happen to the replicas: `own`: they are as planned, and to be ours again; `leave`: ours, and somebody else's to decide. */
export type Scaling = 'none' | 'up' | 'down' | 'own' | 'leave';

export function scalingOf(ref: PlannedRef, entry: Entry | undefined): Scaling {
  const scale = entry?.scale;
  if (!scale) return 'none';
  if (ref.replicas === undefined || leftTo(ref, scale)) return scale.owned ? 'leave' : 'none';
  if (scale.replicas === ref.replicas) return scale.owned ? 'none' : 'own';
  return scale.replicas < ref.replicas ? 'up' : 'down';
}

/** Whether the replicas can change now, whatever becomes of the template. */
export function scalesNow(ref: PlannedRef, entry: Entry | undefined): boolean {
  const scaling = scalingOf(ref, entry);
  return scaling !== 'none' && !(entry?.scale?.order === 'last' && scaling === 'down');
}

/** Whether the replicas change now that everything else of the workload is through. */
export function scalesLast(ref: PlannedRef, entry: Entry | undefined): boolean {
  return scalingOf(ref, entry) !== 'none' && !scalesNow(ref, entry);
}

/**
 * A workload that is well grows before its template changes. One that is not well may need the template to become so, and one
 * with a canary would grow by pods of the template that is being shown.
 */
export function growsFirst(ref: PlannedRef, entry: Entry | undefined, change: Change): boolean {
  if (change !== 'disruptive' || entry?.partial) return false;
  return entry?.health === undefined && scalingOf(ref, entry) === 'up';
}

/** It grew, and the new pods are not there yet. One that was edited meanwhile is put back whatever its pods do. */
export function isGrowing(entry: Entry | undefined): boolean {
  return entry?.scale?.order === 'first' && entry.health === 'InProgress' && entry.digest !== '';
}

/** What an apply does to the replicas. */
export interface ScaleOrder {
  /** Absent: they are left as they are. */
  readonly replicas?: number;
  /** They are all that changes. */
  readonly scaleOnly?: true;
  /** They go back to what is planned, a step of some. */
  readonly returning?: true;
  /** The operator owns them, and lets go of them without a change. */
  readonly handOver?: true;
  /** As in the plan. */
  readonly yields?: true;
}

export function scaleOrderOf(ref: PlannedRef, entry: Entry | undefined, change: Change): ScaleOrder {
  const { replicas, yields } = ref;
  const scale = entry?.scale;
  const policy = yields ? { yields } : {};
  if (replicas === undefined || (scale && leftTo(ref, scale))) {
    const owned = scale ? scale.owned : entry !== undefined;
    return owned ? { handOver: true } : {};
  }
  if (!scale) return { replicas, ...policy };
  if (growsFirst(ref, entry, change)) return { replicas, scaleOnly: true, ...policy };
  const waits = change === 'disruptive' || (change === 'harmless' && scale.order === 'last');
  // What was given back stays out of our apply until its last step: that says, whatever is forgotten, that it goes by steps.
  if (waits) return scale.returning ? {} : { replicas: scale.replicas, ...policy };
  const step = scale.returning ? backTo(replicas, scale.replicas) : replicas;
  return {
    replicas: step,
    ...(step === replicas ? {} : ({ scaleOnly: true, returning: true } as const)),
    ...policy,
  };
}

/** Up at once, down by steps. */
function backTo(planned: number, live: number): number {
  return Math.max(planned, live - Math.max(1, Math.floor(live * RETURN_STEP)));
}

/**
 * Whether replicas are given back by an autoscaler: it is gone, or set them and is not to be seen, or they were handed over and
 * nobody has taken them. What a person sets beside the plan is no such thing, and is put back at once.
 */
function isGivenBack(before: Scale | undefined, { owned, scaler, setBy }: ScaleSeen): boolean {
  if (owned || scaler) return false;
  if (before?.scaler || before?.returning) return true;
  return setBy === undefined ? before?.order !== 'first' : isAutoscaler(setBy);
}

/** The scale of an entry that is known from the object alone. */
export function scaleRecovered(seen: ScaleSeen | undefined): { readonly scale?: Scale } {
  if (!seen) return {};
  // Who set them, and whether for an autoscaler that has gone, is forgotten.
  return { scale: seen.owned || seen.scaler ? seen : { ...seen, order: 'last', returning: true } };
}

/** The scale of an entry after an apply. */
export function scaleApplied(
  ref: PlannedRef,
  before: Scale | undefined,
  seen: ScaleSeen | undefined,
  scaledOnly: boolean,
): { readonly scale?: Scale } {
  if (!seen) return {};
  if (scaledOnly && !before?.returning) return { scale: { ...seen, order: 'first' } };
  const returning = isGivenBack(before, seen);
  if (ref.replicas === undefined || leftTo(ref, seen) || (seen.replicas === ref.replicas && !returning))
    return { scale: seen };
  return { scale: { ...seen, order: 'last', ...(returning ? { returning: true as const } : {}) } };
}

/** The scale of an entry under another plan, which takes the place of what was waited for. */
export function scalePlanned(
  { replicas, scale }: Pick<Entry, 'replicas' | 'scale'>,
  ref: PlannedRef,
  isNewer: boolean,
): { readonly scale?: Scale } {
  if (!scale?.order || scale.returning) return scale ? { scale } : {};
  const isOvertaken = scale.order === 'first' ? isNewer : replicas !== ref.replicas;
  if (!isOvertaken) return { scale };
  const { order: _, ...kept } = scale;
  return { scale: kept };
}

/** The scale of an entry after a look. */
export function scaleObserved(
  before: Scale | undefined,
  seen: ScaleSeen | undefined,
): { readonly scale?: Scale } {
  if (!seen) return before ? { scale: before } : {};
  if (seen.scaler) return { scale: seen };
  if (isGivenBack(before, seen)) return { scale: { ...seen, order: 'last', returning: true } };
  const { order } = before ?? {};
  return { scale: { ...seen, ...(order ? { order } : {}) } };
}

/** Somebody else set replicas that are ours to decide about. */
export function hasBeenScaled(ref: PlannedRef, entry: Entry | undefined): boolean {
  const scale = entry?.scale;
  if (!scale || scale.owned || scale.returning || scale.order) return false;
  return ref.replicas !== undefined && !leftTo(ref, scale);
}

/** What needs no word, of an inventory that is rebuilt: who decided about replicas before does so still. */
export function scalersKnown(
  inventory: Readonly<Record<ObjectKey, Entry>>,
): Readonly<Record<ObjectKey, string>> {
  return Object.fromEntries(scalersIn(inventory).map(({ key, by }) => [key, by]));
}

/** Who decides about the replicas of which workload, where it is not the operator. */
export function scalersIn(
  inventory: Readonly<Record<ObjectKey, Entry>>,
): readonly { readonly key: ObjectKey; readonly by: string; readonly replicas: number }[] {
  return Object.entries(inventory).flatMap(([key, { scale, ...entry }]) => {
    const by = scale && leftTo(entry, scale);
    return scale && by ? [{ key, by, replicas: scale.replicas }] : [];
  });
}
