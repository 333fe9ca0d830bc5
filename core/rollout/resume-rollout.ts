/** A rollout whose workflow is gone goes on where its report in the status says it was. */
import type { RolloutReport } from '../status/resource-status.ts';
import { ONLY_THE_CANARY } from './canary.ts';
import type { Passage, PlanView, ReconcileState, Rollout } from './state.ts';

/**
 * Stages that are through stay so. Of the others, every workload that has the planned pods is asked through its gate and its
 * after-hook once more: whether that was done, nobody knows.
 */
export function resumeRollout(
  state: ReconcileState,
  plan: PlanView,
  { finishedAt, to, ...report }: RolloutReport,
): ReconcileState {
  if (finishedAt !== undefined || to === undefined) return state;
  const { trigger, generation, from, startedAt } = report;
  const stages: Record<number, Rollout['stages'][number]> = {};
  for (const { name, startedAt: began, finishedAt: ended } of report.stages) {
    const index = plan.stages.indexOf(name);
    if (index >= 0)
      stages[index] = { ...(began ? { startedAt: began } : {}), ...(ended ? { finishedAt: ended } : {}) };
  }
  const passages = passagesOf(state, plan, stages);
  const begun = { trigger, generation, to, startedAt, stages, passages };
  return { ...state, rollout: { ...begun, ...(from ? { from } : {}) } };
}

function passagesOf(
  { inventory }: ReconcileState,
  plan: PlanView,
  stages: Rollout['stages'],
): Rollout['passages'] {
  const passages: Record<string, Passage> = {};
  for (const { key, stage, template, gate, after, canary } of Object.values(plan.refs)) {
    const entry = inventory[key];
    const isUnderWay = stage !== undefined && stages[stage] !== undefined && !stages[stage].finishedAt;
    if (!isUnderWay || entry?.template === undefined || entry.template !== template) continue;
    const isOfFew = canary !== undefined && entry.digest === ONLY_THE_CANARY;
    if (gate || after || isOfFew)
      passages[key] = { before: true, applied: true, ...(isOfFew ? { canary: 'rolling' } : {}) };
  }
  return passages;
}
