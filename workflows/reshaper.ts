import type { PlanRef } from '../activities/index.ts';
import type { ShapeAnswer, StepResult } from '../activities/index.ts';
import { titleOf } from '../core/plan/categories.ts';
import { OUR_REASONS, STATUS_REASONS } from '../core/reasons.ts';
import type { ObjectKey } from '../core/refs.ts';
import { foldInTurn, foldReplaced } from '../core/rollout/replace.ts';
import { foldReshaped, foldReshapeRefused, foldReshaping } from '../core/rollout/reshape.ts';
import { foldObserved } from '../core/rollout/fold.ts';
import { leavesBehind } from '../core/rollout/sent.ts';
import type { PlanView, ReconcileState } from '../core/rollout/state.ts';
import { currentTime } from './clock.ts';
import { look, reshaping, write } from './activities.ts';
import type { Ask } from './pod-replacement.ts';
import { closedGate } from './pod-replacement.ts';

/** What a step starts from; `keep` is given what must be known even when it fails. */
interface ReshapeMoment {
  readonly state: ReconcileState;
  keep(state: ReconcileState): void;
  readonly ask: Ask;
}

/** A step that changes something. */
type Act = Exclude<ShapeAnswer, { kind: 'wait' | 'refuse' | 'done' }>;

/**
 * One step of giving a workload another shape: looks, and does what comes next. Nothing is remembered between two steps
 * but what is waited for, so that a crash in between costs a look.
 */
export async function reshape(
  planned: PlanRef,
  key: ObjectKey,
  plan: PlanView,
  { state, keep, ask }: ReshapeMoment,
): Promise<ReconcileState> {
  const ref = plan.refs[key];
  if (!ref) return state;
  const answer = await look(`${titleOf(key)}: what cannot be changed in place`).observeShape(planned, key);
  const now = currentTime();
  if (answer.kind === 'replace' && !state.reshaping?.[key]?.inTurn)
    return foldInTurn(state, plan, { key, why: answer.why }, now);
  switch (answer.kind) {
    case 'done':
      return foldSeen(foldReshaped(state, key, answer.entry, ref), key, answer, now);
    case 'refuse':
      return foldReshapeRefused(state, ref, answer, now);
    case 'wait':
      return foldReshaping(state, key, answer, { now, lookAgain: 'later' });
    default: {
      const { reason, message } = doing(answer);
      const deletes = answer.kind === 'release' || answer.kind === 'replace';
      const released = deletes ? { released: true as const } : {};
      const begun = foldReshaping(
        state,
        key,
        { reason, message, ...released },
        { now, lookAgain: 'at once' },
      );
      keep(begun);
      const isHeld = leavesBehind(state);
      const result = await act(planned, key, plan, answer, { ask, isHeld });
      if (result.done) return result.made ? foldReplaced(begun, plan, result.made, currentTime()) : begun;
      // What was not done begins no other wait: its back-off goes on.
      return result.reason === STATUS_REASONS.TooManyRequests
        ? foldReshaping(
            state,
            key,
            { reason, message: result.message },
            { now: currentTime(), lookAgain: 'later' },
          )
        : // What was to be replaced is as it was, and waits for its turn again.
          foldReshapeRefused(answer.kind === 'replace' ? state : begun, ref, result, currentTime());
    }
  }
}

/** What was there at the last look: the news of it came while it was still being looked after. */
function foldSeen(
  state: ReconcileState,
  key: ObjectKey,
  { entry, health }: Extract<ShapeAnswer, { kind: 'done' }>,
  now: number,
): ReconcileState {
  if (!entry || !health) return state;
  const { uid, generation, fields, scale } = entry;
  const seen = {
    uid,
    fields,
    ...(generation === undefined ? {} : { generation }),
    ...(scale ? { scale } : {}),
  };
  return foldObserved(state, [{ key, exists: true, ...seen, health }], now);
}

function act(
  plan: PlanRef,
  key: ObjectKey,
  view: PlanView,
  step: Act,
  { ask, isHeld }: { readonly ask: Ask; readonly isHeld: boolean },
): Promise<StepResult> {
  const run = reshaping(`${titleOf(key)}: ${doing(step).message}`);
  switch (step.kind) {
    case 'grow':
      return run.growClaims(plan, key, step.claims);
    case 'release':
    case 'replace':
      return run.releasePods(plan, key, step.uid);
    case 'clear':
      return run.clearPods(plan, key, step.pods);
    case 'recreate':
      return run.recreateStatefulSet(plan, key);
    case 'settle':
      return run.settleStatefulSet(plan, key, isHeld);
    case 'restart':
      return restart(plan, key, { view, ask }, step);
  }
}

/** As in a rollout, the author's gate is asked before the next pod goes. */
async function restart(
  plan: PlanRef,
  key: ObjectKey,
  { view, ask }: { readonly view: PlanView; readonly ask: Ask },
  { pod, uid }: Extract<Act, { kind: 'restart' }>,
): Promise<StepResult> {
  const why = await closedGate(plan, key, view, ask);
  if (why !== undefined) return { done: false, reason: STATUS_REASONS.TooManyRequests, message: why };
  const summary = `${titleOf(key)}: restart pod ${pod}, so that its file system grows`;
  return write(summary).restartPod(plan.resource, key, { name: pod, uid });
}

function doing(step: Act): { readonly reason: string; readonly message: string } {
  const { Resizing, Recreating } = OUR_REASONS;
  switch (step.kind) {
    case 'grow': {
      const claims = step.claims.map(({ name, storage }) => `${name} to ${storage}`);
      return { reason: Resizing, message: `grow ${claims.join(', ')}` };
    }
    case 'release':
      return { reason: Recreating, message: 'delete it without its pods' };
    case 'replace':
      return { reason: Recreating, message: `delete it: it ${step.why}` };
    case 'clear':
      return {
        reason: Recreating,
        message: `delete the pods of its former selector: ${step.pods.map(({ name }) => name).join(', ')}`,
      };
    case 'recreate':
      return { reason: Recreating, message: 'make it anew' };
    case 'settle':
      return { reason: Recreating, message: 'it is made anew: forget what was written down' };
    case 'restart':
      return { reason: Resizing, message: `restart pod ${step.pod}, so that its file system grows` };
  }
}
