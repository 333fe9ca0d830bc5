/** What waits for a person: stages, another build of the operator, and what would lose pods or data. */
import { titleOf } from '../plan/categories.ts';
import { OUR_REASONS } from '../reasons.ts';
import type { PendingApproval } from './resource-status.ts';
import type { Situation } from './verdict.ts';

export function pendingApprovals({ state, step, plan }: Situation): readonly PendingApproval[] {
  const hold = step?.kind === 'wait' ? step.hold : undefined;
  const held = plan?.course?.kind === 'held' ? plan.course : undefined;
  const losses = Object.entries(state.refusals).flatMap(([key, { reason, token }]) =>
    token === undefined ? [] : [{ stage: titleOf(key), token, reason }],
  );
  return [
    ...(hold?.token ? [{ stage: hold.stage ?? '-', token: hold.token, reason: hold.reason }] : []),
    ...(held ? [{ stage: '-', token: held.token, reason: 'RuntimeUpdatePending' }] : []),
    ...losses,
  ];
}

/** What would be lost or taken over is approved only by a person who names it. */
export function isLoss({ reason }: PendingApproval): boolean {
  return reason === OUR_REASONS.ApprovalRequired || reason === OUR_REASONS.AdoptionRequired;
}

/** For example `stage server`, or `StatefulSet pinot-server` whose pods or data would be lost. */
export function subjectOf(approval: PendingApproval, all: string): string {
  if (approval.stage === '-') return all;
  return isLoss(approval) ? approval.stage : `stage ${approval.stage}`;
}
