import { scalersKnown } from '../core/rollout/scaling.ts';
import type { PlanAnswer } from '../activities/index.ts';
import { foldPlanned, foldRetry } from '../core/rollout/fold-plan.ts';
import { foldReferences } from '../core/rollout/references.ts';
import { foldInterrupted } from '../core/rollout/reshape.ts';
import { foldRoutinePlanned } from '../core/rollout/routine.ts';
import type { ReconcileState } from '../core/rollout/state.ts';
import { NEW_STATE } from '../core/rollout/state.ts';
import { foldAccepted } from '../core/status/overwritten.ts';
import type { Situation } from '../core/status/verdict.ts';
import { foldDeleting, viewOf, withRemembered } from './plan-view.ts';

export type Deletion = Extract<PlanAnswer, { kind: 'deleting' }>;

/** Whether a deletion goes its way, and neither leaves the objects nor was abandoned. */
export function isCarriedOut({ held, orphan, abandon }: Deletion): boolean {
  return held && !orphan && !abandon;
}

/** What is known with a plan answer, and what beside the state. */
export interface TakenUp {
  readonly state: ReconcileState;
  /** Absent: as before. */
  readonly situation?: Omit<Situation, 'state'>;
  readonly deletion?: Deletion;
  /** Another resource has the name. */
  readonly isAnother: boolean;
}

/**
 * Takes up what a look at the resource found.
 *
 * @param compared the inventory with which the plan was compared: what was seen meanwhile is news about it.
 */
export function takeUp(
  answer: Exclude<PlanAnswer, { kind: 'gone' }>,
  { state: known, deleting }: Situation,
  compared: ReconcileState['inventory'],
  now: number,
): TakenUp {
  let state = known;
  if ('strays' in answer) state = { ...state, inventory: { ...answer.strays, ...state.inventory } };
  if (answer.kind === 'unchanged')
    return { state: foldReferences(state, answer.references ?? {}, now, answer.settling), isAnother: false };
  // Another uid under the same name is another resource: what was known is about one that is gone.
  const isAnother = answer.uid !== state.uid;
  if (isAnother) state = { ...NEW_STATE, uid: answer.uid };
  if (answer.recovered) {
    const told = { ...state.told, scalers: scalersKnown(answer.recovered) };
    state = { ...state, inventory: answer.recovered, told };
  }
  if (answer.interrupted) state = foldInterrupted(state, answer.interrupted, now);
  if (answer.kind === 'failed') {
    const { recovered: _1, interrupted: _2, strays: _3, unlisted: _4, overwritten: _5, ...failure } = answer;
    return { state, situation: { failure }, isAnother };
  }
  if (answer.kind === 'deleting') {
    return {
      state: foldDeleting(state, answer, deleting === true),
      situation: { deleting: true },
      deletion: answer,
      isAnother,
    };
  }
  return {
    ...takeUpPlan(
      answer,
      state,
      answer.recovered ?? (isAnother ? {} : { ...answer.strays, ...compared }),
      now,
    ),
    isAnother,
  };
}

function takeUpPlan(
  answer: Extract<PlanAnswer, { kind: 'planned' }>,
  known: ReconcileState,
  inventory: ReconcileState['inventory'],
  now: number,
): Pick<TakenUp, 'state' | 'situation'> {
  const plan = viewOf(answer, inventory);
  let state = foldRetry(withRemembered(known, answer.remembered, plan, now), plan.orders);
  if (answer.accepted) state = foldAccepted(state, answer.accepted, answer.written);
  const informed = foldReferences(state, answer.references ?? {}, now, answer.settling);
  const isNewer = plan.generation > state.generation;
  return {
    state: foldRoutinePlanned(foldPlanned(informed, plan, now), plan, isNewer, now),
    situation: { plan },
  };
}
