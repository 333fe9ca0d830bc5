import type { PlannedRef } from '../plan/digests.ts';
import type { ObjectKey } from '../refs.ts';
import { bakedAt } from './hold.ts';
import type { PlanView, ReconcileState } from './state.ts';

/** When the stage of a workload that is being rolled is overdue, in epoch milliseconds. */
export function deadlineOf(key: ObjectKey, plan: PlanView, state: ReconcileState): number | undefined {
  const stage = plan.refs[key]?.stage;
  const rolling = stage === undefined ? undefined : state.rollout?.stages[stage];
  const startedAt = rolling && !rolling.finishedAt ? rolling.startedAt : state.rollout?.startedAt;
  return startedAt === undefined ? undefined : Date.parse(startedAt) + plan.stageDeadlineMs;
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
