/**
 * The one decision of this project: given what is wanted and what is known, what comes next. Pure, so that it can be
 * replayed, and checked over every order of events.
 *
 * First what disrupts nobody: everything that runs no pods, new workloads, changes that leave a pod template alone. Then
 * the pod templates, stage by stage. Then, with every workload Current, what is no longer wanted goes. A step that must wait
 * names what it waits for.
 */
import { takesTurns } from '../plan/categories.ts';
import type { ObjectKey } from '../refs.ts';
import { claimedFirst } from './claims.ts';
import { isDue, isFree, isInstalledNow, isLost, isReshapeDue } from './due.ts';
import { isBeforeDue } from './hooks.ts';
import { pauseOf, wholePause } from './hold.ts';
import type { Lane } from './lane-step.ts';
import { laneStep } from './lane-step.ts';
import { missingReads, stillNeeded } from './readers.ts';
import { askedAgainAt, isPostponed, unused } from './removal.ts';
import { abandoned } from './reshape.ts';
import type { PlanView, ReconcileState } from './state.ts';
import type { Moment, Step, Waiting } from './step.ts';
import { atOnce, held, keysOf, mergeWaits, restingWaits, waitFor } from './waits.ts';

/** @param now epoch milliseconds. */
export function nextStep(plan: PlanView, state: ReconcileState, now: number): Step {
  const step = claimedFirst(stepOf({ plan, state, now }), state);
  const pause = wholePause(plan.orders, now);
  return pause && step.kind !== 'wait' ? held('keys' in step ? step.keys : [step.key], pause) : step;
}

function stepOf(moment: Moment): Step {
  const { plan, state } = moment;
  const orphaned = abandoned(plan, state);
  if (orphaned.length > 0) return { kind: 'restore', keys: orphaned };
  const undisruptive = undisruptiveStep(moment);
  if (undisruptive) return undisruptive;
  const waits: Waiting[] = [];
  for (const lane of lanesOf(plan)) {
    const step = laneStep(lane, moment);
    if (!step) continue;
    if (step.kind !== 'wait') return step;
    waits.push(step);
    // What no order binds holds up no stage.
    if (lane.stage !== undefined) break;
  }
  if (waits.length === 0) return pruneStep(moment);
  const astray = astrayIn(moment);
  if (astray.length > 0) return { kind: 'revert', keys: atOnce(astray) };
  return mergeWaits([...waits, ...restingWaits(moment)]);
}

/** What needs to wait for no stage. */
function undisruptiveStep(moment: Moment): Step | undefined {
  const { plan, state, now } = moment;
  const refs = Object.values(plan.refs);
  const due = refs.filter((ref) => isDue(ref, moment));
  const supporting = due.filter(({ key }) => !takesTurns(key));
  if (supporting.length > 0) return { kind: 'apply', keys: atOnce(keysOf(supporting)) };
  const missing = missingReads(plan, state).filter((key) => !isPostponed(key, state, now));
  if (missing.length > 0) return { kind: 'revert', keys: atOnce(missing) };
  const reshaped = refs.find((ref) => isReshapeDue(ref, moment));
  if (reshaped) return { kind: 'reshape', key: reshaped.key };
  const free = due.filter((ref) => isFree(ref, moment));
  if (free.length > 0) return { kind: 'apply', keys: atOnce(keysOf(free)) };
  const hooked = due.find((ref) => isInstalledNow(ref, moment) && isBeforeDue(ref, state));
  return hooked?.before ? { kind: 'hook', key: hooked.key, when: 'before', hook: hooked.before } : undefined;
}

/** Those that no order binds, and each stage in its order. */
function lanesOf({ refs, stages }: PlanView): readonly Lane[] {
  const workloads = Object.values(refs).filter(({ key }) => takesTurns(key));
  const byStage = Map.groupBy(workloads, ({ stage }) => stage);
  return [
    { workloads: byStage.get(undefined) ?? [] },
    ...stages.map((stage, index) => ({ stage, workloads: byStage.get(index) ?? [] })),
  ];
}

/** Workloads whose turn has not come, that were deleted or edited meanwhile. */
function astrayIn({ plan, state, now }: Moment): readonly ObjectKey[] {
  if (!state.rollout) return [];
  return keysOf(
    Object.values(plan.refs).filter((ref) => {
      const entry = state.inventory[ref.key];
      const isOurs = entry?.digest === '' && !entry.leaving && !entry.unconfirmed;
      const isEdited = isOurs && entry.template !== ref.template;
      if (!takesTurns(ref.key) || !(isEdited || (!entry && isLost(ref, state)))) return false;
      const refusal = state.refusals[ref.key];
      return (!refusal || now >= refusal.retryAt) && !pauseOf(plan.orders, ref, now);
    }),
  );
}

/** With all that is wanted Current, what is no longer wanted goes. */
function pruneStep(moment: Moment): Step {
  const { plan, state, now } = moment;
  const unwanted = Object.keys(state.inventory).filter((key) => !(key in plan.refs));
  const staying = unwanted.filter((key) => !state.inventory[key]?.leaving);
  const read = stillNeeded(plan, state);
  const unread = staying.filter((key) => !read.has(key));
  const leavers = unused(unread, unwanted, state).filter((key) => !isPostponed(key, state, now));
  if (leavers.length > 0) return { kind: 'prune', keys: atOnce(leavers) };
  const retries = staying.map((key) => askedAgainAt(key, state));
  // What is still read keeps nobody waiting: it goes with its last reader.
  const on = unwanted.filter((key) => state.inventory[key]?.leaving || !read.has(key));
  return mergeWaits([waitFor(on, ...retries), ...restingWaits(moment)]);
}
