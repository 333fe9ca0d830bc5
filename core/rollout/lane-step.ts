/**
 * What comes next in one stage, or among the workloads that no order binds: before-hook, apply, Current at the generation applied,
 * gate, after-hook, fewer replicas, and a while of watching before the next stage begins.
 */
import type { PlannedRef } from '../plan/digests.ts';
import { changeOf } from './change.ts';
import { bakeEnd } from './deadlines.ts';
import { isDue, isPending, isRefused, isReplaceDue } from './due.ts';
import { unableOf } from './course.ts';
import { isBeforeDue } from './hooks.ts';
import type { Hold } from './hold.ts';
import { bakingHold, pauseOf, podsPauseOf, stageHold } from './hold.ts';
import { isHeld } from './references.ts';
import { isInTurn } from './reshape.ts';
import { scalesLast } from './scaling.ts';
import type { Moment, Step, Waiting } from './step.ts';
import { askAgainAt, isTrapped } from './unblock.ts';
import { atOnce, held, keysOf, waitFor, waitForWorkloads } from './waits.ts';

export interface Lane {
  readonly workloads: readonly PlannedRef[];
  /** Absent for the workloads that no order binds. */
  readonly stage?: string;
}

/** Undefined when the lane is through. */
export function laneStep(lane: Lane, moment: Moment): Step | undefined {
  const { workloads } = lane;
  const { state, now } = moment;
  const replaced = workloads.filter((ref) => isReplaceDue(ref, moment));
  const pending = [...workloads.filter((ref) => isPending(ref, moment)), ...replaced];
  const hold = laneHold(pending, lane, moment);
  if (hold) return held(keysOf(pending), hold);
  const due = workloads.filter((ref) => isDue(ref, moment));
  for (const ref of [...due, ...replaced])
    if (ref.before && isBeforeDue(ref, state))
      return { kind: 'hook', key: ref.key, when: 'before', hook: ref.before };
  if (due.length > 0) return { kind: 'apply', keys: atOnce(keysOf(due)) };
  const [first] = replaced;
  if (first) return { kind: 'reshape', key: first.key };

  const stuck = workloads.filter((ref) => isStuck(ref, moment));
  const trapped = stuck.find((ref) => isTrapped(ref, state) && askAgainAt(ref, state) <= now);
  const paused = trapped && podsPauseOf(moment.plan.orders, trapped, now);
  if (paused) return held(keysOf(stuck), paused);
  if (trapped) return { kind: 'unblock', key: trapped.key };
  if (stuck.length > 0) return waitForWorkloads(stuck, moment);
  return gateStep(lane, moment) ?? shrinkStep(lane, moment) ?? bakeStep(lane, moment);
}

/** Not as planned and Current yet. */
function isStuck(ref: PlannedRef, { plan, state }: Moment): boolean {
  const entry = state.inventory[ref.key];
  if (!entry || entry.leaving || entry.digest !== ref.digest || entry.health !== undefined) return true;
  return isHeld(ref, plan, state) || ref.uses?.some((used) => used in state.refusals) === true;
}

/** Why what a lane has before it may not begin. */
function laneHold(
  pending: readonly PlannedRef[],
  { stage }: Lane,
  { plan, state, now }: Moment,
): Hold | undefined {
  for (const ref of pending) {
    const paused = pauseOf(plan.orders, ref, now);
    if (paused) return paused;
  }
  const [first] = pending;
  // Pods that changed in an order that was not meant cannot be changed back; a first install that is parallel has no order.
  if (first && stage !== undefined && plan.orderTrouble)
    return { reason: 'OrderUnclear', message: plan.orderTrouble, stage };
  const disrupted = pending.find(
    (ref) => isInTurn(ref.key, state) || changeOf(ref, state.inventory[ref.key]) === 'disruptive',
  );
  if (!disrupted) return undefined;
  const unable = unableOf(plan.course);
  if (unable !== undefined) return { reason: 'RollbackImpossible', message: unable };
  const name = stage ?? disrupted.role ?? disrupted.key.split('/').at(-1) ?? '';
  return stageHold({ name, role: disrupted.role }, plan, state, now);
}

function gateStep({ workloads }: Lane, { state, now }: Moment): Step | undefined {
  for (const { key, gate, after } of workloads) {
    const passage = state.rollout?.passages[key];
    if (!passage?.applied) continue;
    const refusal = state.refusals[key];
    if (refusal && now < refusal.retryAt) return waitFor([key], refusal.retryAt);
    if (gate && passage.gate !== 'open') {
      if (!passage.gate || now >= passage.gate.askAgainAt) return { kind: 'gate', key, gate };
      return waitFor([key], passage.gate.askAgainAt);
    }
    if (passage.canary === 'rolling') return { kind: 'apply', keys: [key], whole: true };
    if (after && !passage.after) return { kind: 'hook', key, when: 'after', hook: after };
  }
  return undefined;
}

function shrinkStep({ workloads }: Lane, moment: Moment): Step | undefined {
  const { inventory } = moment.state;
  const due = workloads.filter((ref) => scalesLast(ref, inventory[ref.key]) && !isRefused(ref, moment));
  return due.length > 0 ? { kind: 'apply', keys: atOnce(keysOf(due)) } : undefined;
}

/** A stage that is through is watched for a while before the next begins. */
function bakeStep({ workloads, stage }: Lane, { plan, state, now }: Moment): Waiting | undefined {
  const [first] = workloads;
  const until = first && bakeEnd(first, plan, state);
  if (stage === undefined || until === undefined || until <= now) return undefined;
  return held(keysOf(workloads), bakingHold(stage, until));
}
