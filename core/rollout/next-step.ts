/**
 * The one decision of this project: given what is wanted and what is known, what comes next. Pure, so that it can be
 * replayed, and checked over every order of events.
 *
 * First what disrupts nobody: everything that runs no pods, new workloads, changes that leave a pod template alone. Then
 * the pod templates, stage by stage: before-hook, apply, Current at the generation applied, gate, after-hook, fewer
 * replicas. Then, with every workload Current, what is no longer wanted goes. A step that must wait names what it waits for.
 */
import { awaits, isExternal, takesTurns } from '../plan/categories.ts';
import type { PlannedRef } from '../plan/digests.ts';
import type { ObjectKey } from '../refs.ts';
import type { Hold } from './hold.ts';
import { bakedAt, bakingHold, pauseOf, stageHold, wholePause } from './hold.ts';
import { missingReads, stillNeeded } from './readers.ts';
import { growsFirst, isGrowing, scalesLast, scalesNow } from './scaling.ts';
import { holdOf, isHeld } from './references.ts';
import { abandoned, isInTurn, mustReshape } from './reshape.ts';
import { askAgainAt, isTrapped } from './unblock.ts';
import type { Entry, PlanView, ReconcileState } from './state.ts';
import { nextLook } from './next-look.ts';
import { isPostponed, unused } from './removal.ts';

export type Step =
  /** `whole`: the rest of the pods, after the first few. */
  | { readonly kind: 'apply'; readonly keys: readonly ObjectKey[]; readonly whole?: true }
  | {
      readonly kind: 'hook';
      readonly key: ObjectKey;
      readonly when: 'before' | 'after';
      readonly hook: string;
    }
  | { readonly kind: 'gate'; readonly key: ObjectKey; readonly gate: string }
  /** A pod of an old revision holds up the workload. */
  | { readonly kind: 'unblock'; readonly key: ObjectKey }
  /** Puts back as it was what the rollout has not come to yet. */
  | { readonly kind: 'revert'; readonly keys: readonly ObjectKey[] }
  /** The next of the steps by which a workload gets what cannot be changed in place. */
  | { readonly kind: 'reshape'; readonly key: ObjectKey }
  /** What was being made anew is no longer wanted otherwise: it is put back as it was. */
  | { readonly kind: 'restore'; readonly keys: readonly ObjectKey[] }
  | { readonly kind: 'prune'; readonly keys: readonly ObjectKey[] }
  /**
   * `on`: what must become Current, open or gone; `wakeAt`: epoch milliseconds of the next deadline or retry; `hold`: what
   * keeps it although nothing is wrong.
   */
  | {
      readonly kind: 'wait';
      readonly on: readonly ObjectKey[];
      readonly wakeAt?: number;
      readonly hold?: Hold;
    };

type Waiting = Extract<Step, { kind: 'wait' }>;

/** How a workload stands to its entry in the inventory. */
export type Change = 'none' | 'new' | 'harmless' | 'disruptive';

export function changeOf(ref: PlannedRef, entry: Entry | undefined): Change {
  if (!entry) return 'new';
  if (entry.digest === ref.digest) return 'none';
  // An empty digest is drift: the template that was applied is the planned one, so re-applying only undoes an edit.
  return entry.template === ref.template ? 'harmless' : 'disruptive';
}

/** @param now epoch milliseconds. */
export function nextStep(plan: PlanView, state: ReconcileState, now: number): Step {
  const step = stepOf(plan, state, now);
  const pause = step.kind === 'wait' ? undefined : wholePause(plan.orders, now);
  return pause && step.kind !== 'wait' ? held('keys' in step ? step.keys : [step.key], pause) : step;
}

function stepOf(plan: PlanView, state: ReconcileState, now: number): Step {
  const orphaned = abandoned(plan, state);
  if (orphaned.length > 0) return { kind: 'restore', keys: orphaned };
  const refs = Object.values(plan.refs);
  const due = refs.filter((ref) => isDue(ref, plan, state, now));
  const supporting = due.filter(({ key }) => !takesTurns(key));
  if (supporting.length > 0) return { kind: 'apply', keys: keysOf(supporting) };
  const missing = missingReads(plan, state).filter((key) => !isPostponed(key, state, now));
  if (missing.length > 0) return { kind: 'revert', keys: missing };

  const reshaped = refs.find((ref) => isReshapeDue(ref, plan, state, now));
  if (reshaped) return { kind: 'reshape', key: reshaped.key };

  const workloads = refs.filter(({ key }) => takesTurns(key));
  const free = workloads.filter((ref) => due.includes(ref) && isFree(ref, plan, state));
  if (free.length > 0) return { kind: 'apply', keys: keysOf(free) };

  const unstaged = workloads.filter(({ stage }) => stage === undefined);
  const lanes = [
    unstaged,
    ...plan.stages.map((_, index) => workloads.filter(({ stage }) => stage === index)),
  ];
  const waits: Waiting[] = [];
  for (const [index, lane] of lanes.entries()) {
    const step = laneStep(lane, plan.stages[index - 1], plan, state, now);
    if (!step) continue;
    if (step.kind !== 'wait') return step;
    waits.push(step);
    // What no order binds holds up no stage.
    if (index > 0) break;
  }
  if (waits.length > 0) {
    const astray = astrayIn(plan, state, now);
    if (astray.length > 0) return { kind: 'revert', keys: astray };
    return mergeWaits([...waits, ...restingWaits(plan, state, now)]);
  }

  const unwanted = Object.keys(state.inventory).filter((key) => !(key in plan.refs));
  const staying = unwanted.filter((key) => !state.inventory[key]?.leaving);
  const read = stillNeeded(plan, state);
  const unread = staying.filter((key) => !read.has(key));
  const leavers = unused(unread, unwanted, state).filter((key) => !isPostponed(key, state, now));
  if (leavers.length > 0) return { kind: 'prune', keys: leavers };
  const retries = staying.map((key) => state.refusals[key]?.retryAt);
  // What is still read keeps nobody waiting: it goes with its last reader.
  const on = unwanted.filter((key) => state.inventory[key]?.leaving || !read.has(key));
  const tombstones: Waiting = { kind: 'wait', on, ...earliest(retries) };
  return mergeWaits([tombstones, ...restingWaits(plan, state, now)]);
}

/** Wanted otherwise than it is, not refused, not paused, and not in need of something that was refused or is not ready. */
function isDue(ref: PlannedRef, plan: PlanView, state: ReconcileState, now: number): boolean {
  return isPending(ref, plan, state, now) && !pauseOf(plan.orders, ref, now);
}

function isPending(ref: PlannedRef, plan: PlanView, state: ReconcileState, now: number): boolean {
  return !mustReshape(ref, state) && isWanted(ref, plan, state, now);
}

/** To be replaced with its pods, as soon as it is its turn. */
function isReplaceDue(ref: PlannedRef, plan: PlanView, state: ReconcileState, now: number): boolean {
  const { lookAt = now } = state.reshaping?.[ref.key] ?? {};
  return isInTurn(ref.key, state) && lookAt <= now && isWanted(ref, plan, state, now);
}

function isWanted(ref: PlannedRef, plan: PlanView, state: ReconcileState, now: number): boolean {
  const entry = state.inventory[ref.key];
  if (entry && entry.digest === ref.digest && !entry.leaving && !scalesNow(ref, entry)) return false;
  if (entry?.leaving || isGrowing(entry)) return false;
  if (isRefused(ref.key, ref.digest, state, now) || isHeld(ref, plan, state)) return false;
  return !ref.uses?.some(
    (used) => used in state.refusals || (awaits(ref.key, used) && !isThere(used, plan, state)),
  );
}

/** As planned, and Current. */
function isThere(key: ObjectKey, plan: PlanView, state: ReconcileState): boolean {
  const entry = state.inventory[key];
  return entry !== undefined && entry.digest === plan.refs[key]?.digest && !entry.health && !entry.leaving;
}

function isReshapeDue(ref: PlannedRef, plan: PlanView, state: ReconcileState, now: number): boolean {
  const { released, lookAt = now } = state.reshaping?.[ref.key] ?? {};
  if (!mustReshape(ref, state) || isInTurn(ref.key, state)) return false;
  if (isRefused(ref.key, ref.digest, state, now)) return false;
  // Pods without their StatefulSet wait for nobody.
  return lookAt <= now && (released === true || !pauseOf(plan.orders, ref, now));
}

function isRefused(key: ObjectKey, digest: string, state: ReconcileState, now: number): boolean {
  const refusal = state.refusals[key];
  return refusal !== undefined && refusal.digest === digest && now < refusal.retryAt;
}

/** Whether changing the workload now disrupts nothing that an order protects. */
function isFree(ref: PlannedRef, plan: PlanView, state: ReconcileState): boolean {
  const entry = state.inventory[ref.key];
  const change = changeOf(ref, entry);
  if (change === 'harmless' || change === 'none' || growsFirst(ref, entry, change)) return true;
  // What somebody deleted is recreated, and not rolled out: hooks are about rollouts.
  if (change !== 'new' || (ref.before && state.rollout)) return false;
  // One that the rollout had not come to is put back as it was, and changes when its turn comes.
  if (isLost(ref, state)) return false;
  return plan.firstInstall === 'parallel' || ref.stage === undefined || hasRun(state);
}

/** In a resource that has been installed before, a missing workload is recreated at once. */
function hasRun(state: ReconcileState): boolean {
  return state.journal.length > 0;
}

/** Workloads whose turn has not come, that were deleted or edited meanwhile. */
function astrayIn(plan: PlanView, state: ReconcileState, now: number): readonly ObjectKey[] {
  if (!state.rollout) return [];
  return keysOf(
    Object.values(plan.refs).filter((ref) => {
      const entry = state.inventory[ref.key];
      const isEdited = entry?.digest === '' && !entry.leaving && entry.template !== ref.template;
      if (!takesTurns(ref.key) || !(isEdited || (!entry && isLost(ref, state)))) return false;
      const refusal = state.refusals[ref.key];
      return (!refusal || now >= refusal.retryAt) && !pauseOf(plan.orders, ref, now);
    }),
  );
}

function isLost({ key, template }: PlannedRef, { lost }: ReconcileState): boolean {
  const was = lost?.[key];
  return was !== undefined && was !== template;
}

/** @param stage Its name; absent for the workloads that no order binds. */
function laneStep(
  lane: readonly PlannedRef[],
  stage: string | undefined,
  plan: PlanView,
  state: ReconcileState,
  now: number,
): Step | undefined {
  const replaced = lane.filter((ref) => isReplaceDue(ref, plan, state, now));
  const pending = [...lane.filter((ref) => isPending(ref, plan, state, now)), ...replaced];
  const hold = laneHold(pending, stage, plan, state, now);
  if (hold) return held(keysOf(pending), hold);
  const due = lane.filter((ref) => isDue(ref, plan, state, now));
  for (const { key, before } of [...due, ...replaced])
    if (before && state.rollout && !state.rollout.passages[key]?.before)
      return { kind: 'hook', key, when: 'before', hook: before };
  if (due.length > 0) return { kind: 'apply', keys: keysOf(due) };
  const [first] = replaced;
  if (first) return { kind: 'reshape', key: first.key };

  const stuck = lane.filter((ref) => {
    const { key, digest, uses } = ref;
    const entry = state.inventory[key];
    if (
      isHeld(ref, plan, state) ||
      !entry ||
      entry.leaving ||
      entry.digest !== digest ||
      entry.health !== undefined
    )
      return true;
    return uses?.some((used) => used in state.refusals);
  });
  const trapped = stuck.find((ref) => isTrapped(ref, state) && askAgainAt(ref, state) <= now);
  if (trapped) return { kind: 'unblock', key: trapped.key };
  if (stuck.length > 0) return waitFor(stuck, plan, state, now);
  return (
    gateStep(lane, state, now) ?? shrinkStep(lane, state, now) ?? bakeStep(lane, stage, plan, state, now)
  );
}

function shrinkStep(lane: readonly PlannedRef[], state: ReconcileState, now: number): Step | undefined {
  const due = lane.filter(
    (ref) => scalesLast(ref, state.inventory[ref.key]) && !isRefused(ref.key, ref.digest, state, now),
  );
  return due.length > 0 ? { kind: 'apply', keys: keysOf(due) } : undefined;
}

/** Why what a lane has before it may not begin. */
function laneHold(
  pending: readonly PlannedRef[],
  stage: string | undefined,
  plan: PlanView,
  state: ReconcileState,
  now: number,
): Hold | undefined {
  for (const ref of pending) {
    const paused = pauseOf(plan.orders, ref, now);
    if (paused) return paused;
  }
  const disrupted = pending.find(
    (ref) => isInTurn(ref.key, state) || changeOf(ref, state.inventory[ref.key]) === 'disruptive',
  );
  if (!disrupted) return undefined;
  const name = stage ?? disrupted.role ?? disrupted.key.split('/').at(-1) ?? '';
  return stageHold({ name, role: disrupted.role }, plan, state, now);
}

/** A stage that is through is watched for a while before the next begins. */
function bakeStep(
  lane: readonly PlannedRef[],
  stage: string | undefined,
  plan: PlanView,
  state: ReconcileState,
  now: number,
): Waiting | undefined {
  const [first] = lane;
  const until = first && bakeEnd(first, plan, state);
  if (stage === undefined || until === undefined || until <= now) return undefined;
  return held(keysOf(lane), bakingHold(stage, until));
}

/** When the stage of a workload has been watched long enough; undefined while it is not through. */
export function bakeEnd(
  { stage, role }: PlannedRef,
  plan: PlanView,
  { rollout }: ReconcileState,
): number | undefined {
  if (!rollout || rollout.trigger === 'Install' || stage === undefined) return undefined;
  const { finishedAt } = rollout.stages[stage] ?? {};
  return finishedAt === undefined ? undefined : bakedAt(role, plan, finishedAt);
}

function held(on: readonly ObjectKey[], hold: Hold): Waiting {
  return { kind: 'wait', on, hold, ...(hold.until === undefined ? {} : { wakeAt: hold.until }) };
}

function gateStep(lane: readonly PlannedRef[], state: ReconcileState, now: number): Step | undefined {
  for (const { key, gate, after } of lane) {
    const passage = state.rollout?.passages[key];
    if (!passage?.applied) continue;
    const refusal = state.refusals[key];
    if (refusal && now < refusal.retryAt) return { kind: 'wait', on: [key], wakeAt: refusal.retryAt };
    if (gate && passage.gate !== 'open') {
      if (!passage.gate || now >= passage.gate.askAgainAt) return { kind: 'gate', key, gate };
      return { kind: 'wait', on: [key], wakeAt: passage.gate.askAgainAt };
    }
    if (passage.canary === 'rolling') return { kind: 'apply', keys: [key], whole: true };
    if (after && !passage.after) return { kind: 'hook', key, when: 'after', hook: after };
  }
  return undefined;
}

function waitFor(refs: readonly PlannedRef[], plan: PlanView, state: ReconcileState, now: number): Waiting {
  // For what it requires an object waits as long as it takes: that is somebody else's to bring about.
  const moving = refs.filter(({ key }) => holdOf(key, plan, state) === undefined);
  const deadlines = moving.map(({ key }) => deadlineOf(key, plan, state));
  const trapped = refs.filter((ref) => isTrapped(ref, state)).map((ref) => askAgainAt(ref, state));
  const times = [...deadlines, ...trapped].filter((at) => at !== undefined && at > now);
  return { kind: 'wait', on: keysOf(refs), ...earliest(times) };
}

/** When the stage of a workload that is being rolled is overdue, in epoch milliseconds. */
export function deadlineOf(key: ObjectKey, plan: PlanView, state: ReconcileState): number | undefined {
  const stage = plan.refs[key]?.stage;
  const rolling = stage === undefined ? undefined : state.rollout?.stages[stage];
  const startedAt = rolling && !rolling.finishedAt ? rolling.startedAt : state.rollout?.startedAt;
  return startedAt === undefined ? undefined : Date.parse(startedAt) + plan.stageDeadlineMs;
}

/** What holds up no stage and still keeps the resource from being Ready. */
function restingWaits(plan: PlanView, state: ReconcileState, now: number): Waiting[] {
  const unhealthy = Object.keys(state.unhealthy).filter((key) => key in plan.refs && !takesTurns(key));
  const missing = missingReads(plan, state);
  const refused = Object.entries(state.refusals).filter(([key]) => key in plan.refs || missing.includes(key));
  const unmet = Object.values(plan.refs).filter((ref) => !takesTurns(ref.key) && isHeld(ref, plan, state));
  const looks = Object.entries(state.unhealthy)
    .filter(([key]) => key in plan.refs && isExternal(key))
    .map(([, { since }]) => nextLook(Date.parse(since), now));
  const returning = Object.keys(plan.refs).filter((key) => state.inventory[key]?.leaving);
  const paused = Object.values(plan.refs).filter(
    (ref) => (isPending(ref, plan, state, now) || mustReshape(ref, state)) && pauseOf(plan.orders, ref, now),
  );
  // One that is overdue waits for another that it needs.
  const retries = refused.map(([, { retryAt }]) => retryAt).filter((at) => at > now);
  const reshaping = Object.entries(state.reshaping ?? {}).filter(([key]) => !(key in state.refusals));
  // One that is paused, or waits for its turn, is looked at when that is over.
  const steps = reshaping.map(([, { lookAt }]) => lookAt).filter((at) => at > now);
  const tried = [...refused, ...reshaping].map(([key]) => key).filter((key) => !isInTurn(key, state));
  const on = [...unhealthy, ...returning, ...tried, ...keysOf(unmet)];
  return [
    { kind: 'wait', on, ...earliest([...retries, ...looks, ...steps]) },
    ...paused.flatMap((ref) => {
      const hold = pauseOf(plan.orders, ref, now);
      return hold ? [held([ref.key], hold)] : [];
    }),
  ];
}

function mergeWaits(waits: readonly Waiting[]): Waiting {
  const on = [...new Set(waits.flatMap((wait) => wait.on))].sort();
  const hold = waits.find((wait) => wait.hold)?.hold;
  return { kind: 'wait', on, ...(hold ? { hold } : {}), ...earliest(waits.map(({ wakeAt }) => wakeAt)) };
}

function earliest(times: readonly (number | undefined)[]): { wakeAt?: number } {
  const known = times.filter((time) => time !== undefined);
  return known.length > 0 ? { wakeAt: Math.min(...known) } : {};
}

function keysOf(refs: readonly PlannedRef[]): readonly ObjectKey[] {
  return refs.map(({ key }) => key);
}
