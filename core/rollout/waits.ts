/** What a resource waits for when there is nothing to do, and when it looks again. */
import { isExternal, takesTurns } from '../plan/categories.ts';
import type { PlannedRef } from '../plan/digests.ts';
import type { ObjectKey } from '../refs.ts';
import { deadlineOf } from './deadlines.ts';
import { isPending } from './due.ts';
import type { Hold } from './hold.ts';
import { pauseOf } from './hold.ts';
import { nextLook } from './next-look.ts';
import { isScaler } from '../scalers.ts';
import { missingReads } from './readers.ts';
import { holdOf, isHeld } from './references.ts';
import { isInTurn, mustReshape } from './reshape.ts';
import type { Moment, Waiting } from './step.ts';
import { askAgainAt, isTrapped } from './unblock.ts';

export function keysOf(refs: readonly PlannedRef[]): readonly ObjectKey[] {
  return refs.map(({ key }) => key);
}

/** A step over more is taken in parts: what an activity is given and answers must fit into one message of Temporal's. */
const MOST_AT_ONCE = 500;

export function atOnce(keys: readonly ObjectKey[]): readonly ObjectKey[] {
  return keys.slice(0, MOST_AT_ONCE);
}

export function waitFor(on: readonly ObjectKey[], ...times: readonly (number | undefined)[]): Waiting {
  const known = times.filter((at) => at !== undefined);
  return { kind: 'wait', on, ...(known.length > 0 ? { wakeAt: Math.min(...known) } : {}) };
}

export function held(on: readonly ObjectKey[], hold: Hold): Waiting {
  return { ...waitFor(on, hold.until), hold };
}

export function mergeWaits(waits: readonly Waiting[]): Waiting {
  const on = [...new Set(waits.flatMap((wait) => wait.on))].sort();
  const hold = waits.find((wait) => wait.hold)?.hold;
  return { ...waitFor(on, ...waits.map(({ wakeAt }) => wakeAt)), ...(hold ? { hold } : {}) };
}

/** For workloads that are on their way, until the deadline of their stage. */
export function waitForWorkloads(refs: readonly PlannedRef[], { plan, state, now }: Moment): Waiting {
  // For what it requires an object waits as long as it takes: that is somebody else's to bring about.
  const moving = refs.filter(({ key }) => holdOf(key, plan, state) === undefined);
  const deadlines = moving.map(({ key }) => deadlineOf(key, plan, state));
  const trapped = refs.filter((ref) => isTrapped(ref, state)).map((ref) => askAgainAt(ref, state));
  const times = [...deadlines, ...trapped].filter((at) => at !== undefined && at > now);
  return waitFor(keysOf(refs), ...times);
}

/** For what holds up no stage and still keeps the resource from being Ready. */
export function restingWaits(moment: Moment): Waiting[] {
  const { plan, state, now } = moment;
  const refs = Object.values(plan.refs);
  // The trouble of an autoscaler is its own: its workload runs with the replicas that it has.
  const unhealthy = Object.keys(state.unhealthy).filter(
    (key) => key in plan.refs && !takesTurns(key) && !isScaler(key),
  );
  const missing = new Set(missingReads(plan, state));
  const refused = Object.entries(state.refusals).filter(([key]) => key in plan.refs || missing.has(key));
  const unmet = refs.filter((ref) => !takesTurns(ref.key) && isHeld(ref, plan, state));
  const looks = Object.entries(state.unhealthy)
    .filter(([key]) => key in plan.refs && isExternal(key))
    .map(([, { since, notBefore = 0 }]) => Math.max(nextLook(Date.parse(since), now), notBefore));
  const returning = Object.keys(plan.refs).filter((key) => state.inventory[key]?.leaving);
  // One that is overdue waits for another that it needs.
  const retries = refused.map(([, { retryAt }]) => retryAt).filter((at) => at > now);
  const reshaping = Object.entries(state.reshaping ?? {}).filter(([key]) => !(key in state.refusals));
  // One that is paused, or waits for its turn, is looked at when that is over.
  const steps = reshaping.map(([, { lookAt }]) => lookAt).filter((at) => at > now);
  const tried = [...refused, ...reshaping].map(([key]) => key).filter((key) => !isInTurn(key, state));
  const on = [...unhealthy, ...returning, ...tried, ...keysOf(unmet)];
  const paused = refs.flatMap((ref) => {
    const pause = pauseOf(plan.orders, ref, now);
    const isKept = pause && (isPending(ref, moment) || mustReshape(ref, state));
    return isKept ? [held([ref.key], pause)] : [];
  });
  return [waitFor(on, ...retries, ...looks, ...steps), ...paused];
}
