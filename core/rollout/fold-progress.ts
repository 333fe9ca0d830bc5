/** How far a rollout has come: which stages are through, and when it is finished. */
import type { PlannedRef } from '../plan/digests.ts';
import { takesTurns } from '../plan/categories.ts';
import type { RolloutReport } from '../status/resource-status.ts';
import { changeOf } from './change.ts';
import { bakeEnd } from './deadlines.ts';
import { forgetUnread } from './readers.ts';
import { scalingOf } from './scaling.ts';
import type { PlanView, ReconcileState, Rollout } from './state.ts';
import { finishedSince, preciseTime } from './times.ts';

const JOURNAL_LENGTH = 5;

/** Marks the stages that are through, and the rollout finished when nothing of it is left. */
export function foldProgress(known: ReconcileState, plan: PlanView, now: number): ReconcileState {
  const state = forgetUnread(known, plan);
  const { rollout } = state;
  if (!rollout) return state;
  const busy = Object.values(plan.refs).filter((ref) => takesTurns(ref.key) && isBusy(ref, state, rollout));
  const busyStages = new Set(busy.map(({ stage }) => stage));
  const stages = Object.fromEntries(
    Object.entries(rollout.stages).map(([index, stage]) => {
      const through = stage.startedAt && !stage.finishedAt && !busyStages.has(Number(index));
      return [index, through ? { ...stage, finishedAt: preciseTime(now) } : stage];
    }),
  );
  const current: Rollout = { ...rollout, stages };
  const under = { ...state, rollout: current };
  const isBaking = Object.values(plan.refs).some((ref) => (bakeEnd(ref, plan, under) ?? 0) > now);
  if (busy.length > 0 || isBaking) return under;
  const report = { ...reportRollout(current, plan), ...finishedSince(rollout.startedAt, now) };
  const { rollout: _, lost: _lost, ...rest } = state;
  return { ...rest, journal: [report, ...state.journal].slice(0, JOURNAL_LENGTH) };
}

/** Whether a workload still has something of the rollout before it. */
function isBusy(ref: PlannedRef, { inventory, refusals }: ReconcileState, { passages }: Rollout): boolean {
  const entry = inventory[ref.key];
  if (!entry || entry.leaving || entry.health || changeOf(ref, entry) !== 'none' || ref.key in refusals)
    return true;
  if (scalingOf(ref, entry) !== 'none') return true;
  const passage = passages[ref.key];
  if (!passage?.applied) return false;
  if (passage.canary === 'rolling') return true;
  return (ref.gate !== undefined && passage.gate !== 'open') || (ref.after !== undefined && !passage.after);
}

/** A rollout as status tells it. */
export function reportRollout(rollout: Rollout, plan: PlanView): RolloutReport {
  return {
    trigger: rollout.trigger,
    generation: rollout.generation,
    ...(rollout.from ? { from: rollout.from } : {}),
    to: rollout.to,
    startedAt: rollout.startedAt,
    stages: Object.entries(rollout.stages).map(([index, { startedAt, finishedAt }]) => ({
      name: plan.stages[Number(index)] ?? index,
      state: finishedAt ? ('Done' as const) : startedAt ? ('Rolling' as const) : ('Pending' as const),
      ...(startedAt ? { startedAt } : {}),
      ...(startedAt && finishedAt ? finishedSince(startedAt, Date.parse(finishedAt)) : {}),
    })),
  };
}
