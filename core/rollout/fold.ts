/** How what happened changes what is known. Each function takes a state and gives the next; none of them decides. */
import type { Health } from '../health/health.ts';
import type { PlannedRef } from '../plan/digests.ts';
import { isExternal, isWorkload } from '../plan/categories.ts';
import type { ObjectKey } from '../refs.ts';
import { changeOf } from './change.ts';
import type { ScaleSeen } from '../scalers.ts';
import { foldCanary } from './canary.ts';
import { foldAbsent } from './claims.ts';
import { foldEach } from './fold-each.ts';
import { scaleApplied, scaleObserved } from './scaling.ts';
import { isInstall } from './hooks.ts';
import type { Entry, PlanView, ReconcileState, Rollout, Trouble } from './state.ts';
import { placeOf, without } from './state.ts';
import type { Held } from './refusal.ts';
import { heldOtherwise, withRefusal } from './refusal.ts';
import { isInTurn, shapeApplied, withoutTurn } from './reshape.ts';
import { forgetUnblocking } from './unblock.ts';
import { readingOf, seenWith } from './readers.ts';
import { foldTaken } from './contest.ts';
import type { Reads } from './reads.ts';
import type { Deleting } from './terminating.ts';
import { foldDeleting } from './terminating.ts';
import { preciseTime, rfc3339 } from './times.ts';

/** What a look at one object showed. */
export type Observation =
  | { readonly key: ObjectKey; readonly exists: false }
  | Held
  | (Deleting & {
      readonly key: ObjectKey;
      readonly exists: true;
      readonly heldBy?: undefined;
      readonly uid: string;
      readonly generation?: number;
      readonly fields: string;
      readonly scale?: ScaleSeen;
      readonly health: Health;
      /** Managers other than us that last wrote its spec, for people. */
      readonly editors?: readonly string[];
      /** What operator code read that says it is not well. */
      readonly read?: Reads;
      readonly retryAfterMs?: number;
    });

/** What applying one object gave. */
export type ApplyResult =
  | {
      readonly key: ObjectKey;
      readonly applied: true;
      /** Only the pods above it got the new template. */
      readonly partition?: number;
      readonly created: boolean;
      readonly uid: string;
      readonly generation?: number;
      readonly fields: string;
      readonly scale?: ScaleSeen;
      readonly claims?: Entry['claims'];
      /** Nothing but its replicas changed. */
      readonly scaledOnly?: true;
      readonly health: Health;
      readonly read?: Reads;
    }
  | {
      readonly key: ObjectKey;
      readonly applied: false;
      readonly reason: string;
      readonly message: string;
      /** What is there must get another shape first. */
      readonly aboutShape?: true;
      /** What approves it. */
      readonly token?: string;
      /** Who has the object, where it belongs to another. */
      readonly holder?: string;
      readonly retryAfterMs?: number;
      /** What operator code read that ended so. */
      readonly read?: Reads;
      /** It belongs to another resource, and how that one came by it: it was never this one's. */
      readonly heir?: NonNullable<Entry['origin']>;
    };

/** Records what applying gave; `now` is in epoch milliseconds. */
export function foldApplied(
  state: ReconcileState,
  plan: PlanView,
  results: readonly ApplyResult[],
  now: number,
): ReconcileState {
  return foldEach(state, results, (known, result) => {
    const ref = plan.refs[result.key];
    if (!ref) return known;
    return result.applied
      ? foldOneApplied(known, ref, result, now)
      : withRefusal(withoutOthers(known, result), { ...result, digest: ref.digest }, now);
  });
}

/** What another resource has leaves the inventory, so that it is not removed with this one. */
function withoutOthers(
  state: ReconcileState,
  { key, heir }: Extract<ApplyResult, { applied: false }>,
): ReconcileState {
  return heir ? { ...state, inventory: without(state.inventory, key) } : state;
}

function foldOneApplied(
  state: ReconcileState,
  ref: PlannedRef & Pick<Entry, 'reads'>,
  result: Extract<ApplyResult, { applied: true }>,
  now: number,
): ReconcileState {
  const before = state.inventory[ref.key];
  const scaledOnly = before !== undefined && result.scaledOnly === true;
  const rolled = !scaledOnly && ['new', 'disruptive'].includes(changeOf(ref, before));
  const content = scaledOnly ? before : ref;
  const entry: Entry = {
    digest: content.digest,
    ...(content.template ? { template: content.template } : {}),
    ...shapeApplied(content, result),
    uid: result.uid,
    ...(result.generation === undefined ? {} : { generation: result.generation }),
    fields: result.fields,
    ...((scaledOnly ? before.partial : result.partition !== undefined) ? { partial: true as const } : {}),
    ...placeOf(ref),
    ...(before?.origin ? { origin: before.origin } : {}),
    ...scaleApplied(ref, before?.scale, result.scale, scaledOnly),
    ...(isWorkload(ref.key) ? readingOf(ref.key, content, { known: before, health: result.health }) : {}),
  };
  const next = {
    ...state,
    ...(state.lost ? { lost: without(state.lost, ref.key) } : {}),
    inventory: { ...state.inventory, [ref.key]: entry },
    refusals: without(state.refusals, ref.key),
  };
  const seen = foldHealth(next, ref.key, result, now);
  const passed =
    rolled && seen.rollout
      ? { ...seen, rollout: passApplied(seen.rollout, ref, isInstall(ref, state), now) }
      : seen;
  return scaledOnly ? passed : foldCanary(passed, ref, result.partition);
}

function passApplied(rollout: Rollout, ref: PlannedRef, isNew: boolean, now: number): Rollout {
  // There was nothing before, and so nothing that a hook is about.
  const passage = {
    applied: true as const,
    ...(isNew && !ref.hooksOnInstall ? { after: true as const } : {}),
  };
  const passages =
    ref.gate || ref.after || ref.before
      ? { ...rollout.passages, [ref.key]: { ...rollout.passages[ref.key], ...passage } }
      : rollout.passages;
  const stage = ref.stage === undefined ? undefined : rollout.stages[ref.stage];
  if (ref.stage === undefined || !stage || stage.startedAt) return { ...rollout, passages };
  return {
    ...rollout,
    passages,
    stages: { ...rollout.stages, [ref.stage]: { startedAt: preciseTime(now) } },
  };
}

/** What putting back one object gave: as when applying, with what it was put back to. */
export type RevertResult = ApplyResult &
  Pick<Entry, 'reads'> & {
    readonly digest: string;
    /** Of a workload. */
    readonly template?: string;
  };

/** Records what was put back as it was; it is still to be changed when its turn comes. */
export function foldReverted(
  state: ReconcileState,
  plan: PlanView,
  results: readonly RevertResult[],
  now: number,
): ReconcileState {
  const { rollout: _, ...rest } = state;
  const next = foldEach(rest, results, (known, result) => {
    const { key, digest, template, reads } = result;
    const ref = plan.refs[key] ?? { key, digest };
    const before = { ...ref, digest, ...(template ? { template } : {}), ...(reads ? { reads } : {}) };
    return result.applied
      ? foldOneApplied(known, before, result, now)
      : withRefusal(known, { ...result, digest: ref.digest }, now);
  });
  return state.rollout ? { ...next, rollout: state.rollout } : next;
}

/** Records what was seen. An object that is not the one that was applied, or lost fields of ours, is to be applied again. */
export function foldObserved(
  state: ReconcileState,
  observations: readonly Observation[],
  now: number,
): ReconcileState {
  return foldEach(state, observations, (known, seen) =>
    foldOneObserved(heldOtherwise(known, seen, now), seen, now),
  );
}

function foldOneObserved(state: ReconcileState, seen: Observation, now: number): ReconcileState {
  const entry = state.inventory[seen.key];
  // One that is being made anew is looked at by who does it.
  if (!entry || (state.reshaping?.[seen.key] && !isInTurn(seen.key, state))) return state;
  if (seen.exists && seen.heldBy !== undefined && seen.uid === entry.uid)
    return withEntry(state, seen.key, { ...entry, digest: '' });
  // One that took the name, and of which we own no field, is somebody else's: ours is gone.
  const isAnother =
    seen.exists && seen.uid !== entry.uid && (seen.heldBy !== undefined || seen.fields === '');
  if (!seen.exists && isExternal(seen.key)) return foldAbsent(state, seen.key, entry);
  if (!seen.exists && entry.ending)
    return foldExpired({ ...state, refusals: without(state.refusals, seen.key) }, seen.key, entry);
  if (!seen.exists || seen.heldBy !== undefined || isAnother)
    return {
      ...withoutTurn(state, seen.key),
      ...(state.rollout && entry.template && !entry.leaving
        ? { lost: { ...state.lost, [seen.key]: entry.template } }
        : {}),
      inventory: without(state.inventory, seen.key),
      // What was refused may have been refused for what was there.
      refusals: without(state.refusals, seen.key),
      unhealthy: without(state.unhealthy, seen.key),
    };
  const ending = seen.health.spent ? { ending: 'complete' as const } : {};
  if (seen.deleting) return foldDeleting(state, seen, { ...entry, ...ending });
  const { leaving: _, ...others } = entry;
  const staying = { ...others, ...ending };
  const scaled = { ...staying, ...scaleObserved(entry.scale, seen.scale) };
  if (seen.uid !== entry.uid || seen.fields !== entry.fields) {
    const deviating = withEntry(state, seen.key, { ...scaled, uid: seen.uid, digest: '' });
    if (entry.digest === '' || seen.uid !== entry.uid) return deviating;
    const takers = seen.editors ? { takers: seen.editors } : {};
    return foldTaken(deviating, seen.key, { digest: entry.digest, ...takers }, now);
  }
  const stale = entry.generation !== undefined && (seen.generation ?? 0) < entry.generation;
  const reading = seenWith(scaled, seen.health);
  return stale ? state : foldHealth(withEntry(state, seen.key, reading), seen.key, seen, now);
}

/** Records which Jobs were complete, of which nothing else may be seen any more. */
export function foldSpent(state: ReconcileState, uids: readonly string[]): ReconcileState {
  const complete = new Set(uids);
  const spent = Object.entries(state.inventory).flatMap(([key, entry]) =>
    !entry.ending && complete.has(entry.uid) ? [{ key, entry }] : [],
  );
  return foldEach(state, spent, (known, { key, entry }) =>
    withEntry(known, key, { ...entry, ending: 'complete' }),
  );
}

/** It did what it was for: the entry stays, so that it is not made again before it is another. */
function foldExpired(state: ReconcileState, key: ObjectKey, entry: Entry): ReconcileState {
  const { leaving: _1, health: _2, ...rest } = entry;
  const expired = withEntry(state, key, { ...rest, ending: 'expired' });
  return { ...expired, unhealthy: without(state.unhealthy, key) };
}

function foldHealth(
  state: ReconcileState,
  key: ObjectKey,
  seen: { readonly health: Health; readonly read?: Reads; readonly retryAfterMs?: number },
  now: number,
): ReconcileState {
  const { health, read, retryAfterMs } = seen;
  const entry = state.inventory[key];
  if (!entry) return state;
  const { health: _, ...rest } = entry;
  const well = health.spent ? { ...rest, ending: 'complete' as const } : rest;
  if (health.state === 'Current')
    return forgetUnblocking(
      { ...withEntry(state, key, well), unhealthy: without(state.unhealthy, key) },
      key,
    );
  const known = state.unhealthy[key];
  const trouble: Trouble = {
    reason: health.reason,
    message: health.message,
    since: known?.reason === health.reason ? known.since : rfc3339(now),
    ...(read ? { read } : {}),
    ...(retryAfterMs === undefined ? {} : { notBefore: now + retryAfterMs }),
  };
  return {
    ...withEntry(state, key, { ...well, health: health.state }),
    unhealthy: { ...state.unhealthy, [key]: trouble },
  };
}

function withEntry(state: ReconcileState, key: ObjectKey, entry: Entry): ReconcileState {
  return { ...state, inventory: { ...state.inventory, [key]: entry } };
}
