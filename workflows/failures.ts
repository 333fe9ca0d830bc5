import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import type { Reason } from '../core/reasons.ts';
import { OUR_REASONS, STATUS_REASONS } from '../core/reasons.ts';
import type { PlanFailure } from '../core/rollout/state.ts';

const PASSING: readonly string[] = [
  STATUS_REASONS.TooManyRequests,
  STATUS_REASONS.Timeout,
  STATUS_REASONS.ServerTimeout,
  STATUS_REASONS.ServiceUnavailable,
  STATUS_REASONS.InternalError,
  STATUS_REASONS.Conflict,
  OUR_REASONS.Unreachable,
];

export function isPlanStale(error: unknown): boolean {
  return applicationFailureIn(error)?.type === OUR_REASONS.PlanStale;
}

/**
 * An activity that failed for good, as the resource's trouble.
 *
 * @throws whatever is no activity's failure: a broken invariant of ours, or the cancellation of the workflow.
 */
export function failureOf(error: unknown, generation: number): PlanFailure {
  if (!(error instanceof ActivityFailure)) throw error;
  const cause = applicationFailureIn(error);
  const known: readonly string[] = [...Object.keys(STATUS_REASONS), ...Object.keys(OUR_REASONS)];
  const isKnown = cause?.type != null && known.includes(cause.type);
  const reason = isKnown
    ? (cause.type as Reason)
    : cause
      ? STATUS_REASONS.InternalError
      : OUR_REASONS.Unreachable;
  const message =
    cause?.message ?? `${error.activityType} did not finish: ${error.cause?.message ?? error.message}`;
  return { reason, message, generation, ...(PASSING.includes(reason) ? { passes: true as const } : {}) };
}

function applicationFailureIn(error: unknown): ApplicationFailure | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return cause instanceof ApplicationFailure ? cause : undefined;
}
