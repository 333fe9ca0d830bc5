/** When a workload gets another shape, and how what came of it changes what is known. */
import { pauseAfter } from '../backoff.ts';
import type { PlannedRef } from '../plan/digests.ts';
import { OUR_REASONS } from '../reasons.ts';
import type { ObjectKey } from '../refs.ts';
import { withRefusal } from './refusal.ts';
import type { PlanView, ReconcileState, Refusal, Reshaping } from './state.ts';
import { placeOf, without } from './state.ts';
import type { Entry } from './state.ts';
import { rfc3339 } from './times.ts';

const LOOK_MS = [1_000, 30_000] as const;

/** Whether the object must get another shape before anything else of it is applied. */
export function mustReshape(
  { key, digest, shape, claims = {} }: PlannedRef,
  { inventory, reshaping, refusals }: ReconcileState,
): boolean {
  if (reshaping?.[key] || refusals[key]?.aboutShape) return true;
  const entry = inventory[key];
  // After a rollback, claims are larger than the same digest asks for.
  const isLarger = Object.entries(entry?.claims ?? {}).some(([name, size]) => (claims[name] ?? size) < size);
  if (isLarger && !entry?.leaving) return true;
  return entry !== undefined && !entry.leaving && entry.digest !== digest && entry.shape !== shape;
}

/** Whether all its pods are to be replaced, which waits for its turn and has not begun. */
export function isInTurn(key: ObjectKey, { reshaping }: ReconcileState): boolean {
  const { inTurn, released: begun } = reshaping?.[key] ?? {};
  return inTurn === true && !begun;
}

/** What is gone is replaced already. */
export function withoutTurn(state: ReconcileState, key: ObjectKey): ReconcileState {
  const { reshaping = {}, ...rest } = state;
  if (!isInTurn(key, state)) return state;
  const left = without(reshaping, key);
  return Object.keys(left).length > 0 ? { ...rest, reshaping: left } : rest;
}

/** What has not begun is looked at anew under another plan, and what is no longer wanted then is awaited no more. */
export function reshapingPlanned(
  { reshaping = {} }: ReconcileState,
  { refs }: PlanView,
): Pick<ReconcileState, 'reshaping'> {
  const kept = Object.entries(reshaping).filter(
    ([key, { released: begun, inTurn }]) => begun || (key in refs && !inTurn),
  );
  return kept.length > 0 ? { reshaping: Object.fromEntries(kept) } : {};
}

/** The objects that are between two shapes, and no longer wanted in any: they are to be put back as they were. */
export function abandoned(plan: PlanView, state: ReconcileState): readonly ObjectKey[] {
  return released(state).filter((key) => !plan.refs[key]);
}

/** The objects that may be deleted with their pods left running. */
export function released({ reshaping = {} }: ReconcileState): readonly ObjectKey[] {
  return Object.entries(reshaping).flatMap(([key, each]) => (each.released ? [key] : []));
}

/** Takes up what a workflow that was lost had begun. */
export function foldInterrupted(
  state: ReconcileState,
  keys: readonly ObjectKey[],
  now: number,
): ReconcileState {
  const found = {
    reason: OUR_REASONS.Recreating,
    message: 'was begun by a workflow that is no more',
    released: true as const,
  };
  return keys.reduce((next, key) => foldReshaping(next, key, found, { now, lookAgain: 'at once' }), state);
}

type Doing = Pick<Reshaping, 'reason' | 'message' | 'released' | 'inTurn'>;

/** Records what is done next, or waited for: 'later' is ever later, from 1 s to 30 s, until a step is done. */
export function foldReshaping(
  state: ReconcileState,
  key: ObjectKey,
  { reason, message, released, inTurn }: Doing,
  when: { readonly now: number; readonly lookAgain: 'at once' | 'later' },
): ReconcileState {
  const known = state.reshaping?.[key];
  // Only a step that is done ends a wait, whatever is said of it meanwhile; a step that is taken twice was not seen done.
  const waits = when.lookAgain === 'later' || known?.message === message;
  const attempts = waits ? (known?.attempts ?? 0) + 1 : 0;
  const delay = attempts === 0 ? 0 : pauseAfter(attempts, LOOK_MS);
  const reshaping: Reshaping = {
    reason,
    message,
    since: known?.reason === reason ? known.since : rfc3339(when.now),
    attempts,
    lookAt: when.now + delay,
    ...(released || known?.released ? { released: true } : {}),
    ...(inTurn || known?.inTurn ? { inTurn: true } : {}),
  };
  const refusals = without(state.refusals, key);
  return { ...state, refusals, reshaping: { ...state.reshaping, [key]: reshaping } };
}

/** What cannot be begun leaves nothing to wait for; what was released goes on being looked after. */
export function foldReshapeRefused(
  state: ReconcileState,
  ref: PlannedRef,
  {
    reason,
    message,
    token,
    holder,
  }: {
    readonly reason: string;
    readonly message: string;
    readonly token?: string;
    readonly holder?: string;
  },
  now: number,
): ReconcileState {
  const refused = {
    ...{ key: ref.key, digest: ref.digest, reason, message },
    ...(token ? { token } : {}),
    ...(holder === undefined ? {} : { holder }),
    // What is as planned but for its claims is looked at by nobody else.
    ...(state.inventory[ref.key]?.digest === ref.digest ? { aboutShape: true as const } : {}),
  };
  const { reshaping = {}, ...rest } = withRefusal(state, refused, now);
  const left = reshaping[ref.key]?.released ? reshaping : without(reshaping, ref.key);
  return Object.keys(left).length > 0 ? { ...rest, reshaping: left } : rest;
}

/** It has the shape that is wanted, or the one it had: `entry` is what is there now; undefined: nothing is. */
export function foldReshaped(
  state: ReconcileState,
  key: ObjectKey,
  entry: Entry | undefined,
  ref: PlannedRef | undefined,
): ReconcileState {
  const { reshaping, inventory, ...rest } = state;
  const left = without(reshaping ?? {}, key);
  return {
    ...rest,
    // Of what is as planned nothing is tried again.
    refusals:
      entry && entry.digest === ref?.digest ? without(rest.refusals, key) : withoutShape(rest.refusals, key),
    inventory: entry
      ? { ...inventory, [key]: reshapedEntry(inventory[key], entry, ref) }
      : without(inventory, key),
    ...(Object.keys(left).length > 0 ? { reshaping: left } : {}),
  };
}

/** What was refused for its shape is tried again as it is. */
function withoutShape(refusals: ReconcileState['refusals'], key: ObjectKey): ReconcileState['refusals'] {
  const { aboutShape, ...refusal } = refusals[key] ?? {};
  return aboutShape ? { ...refusals, [key]: refusal as Refusal } : refusals;
}

/** What cannot be changed in place, of what was applied. */
export function shapeApplied(
  { shape, claims: wanted }: Pick<Entry, 'shape' | 'claims'>,
  { claims = wanted }: { readonly claims?: Entry['claims'] | undefined },
): Pick<Entry, 'shape' | 'claims'> {
  return { ...(shape ? { shape } : {}), ...(claims ? { claims } : {}) };
}

/** What is there now; of what was known before, what the object itself does not say. */
function reshapedEntry(known: Entry | undefined, entry: Entry, ref: PlannedRef | undefined): Entry {
  const { health: _1, leaving: _2, shape: _3, claims: _4, ...kept } = known ?? entry;
  return { ...kept, ...placeOf(ref ?? kept), ...entry, ...(ref?.shape ? { shape: ref.shape } : {}) };
}
