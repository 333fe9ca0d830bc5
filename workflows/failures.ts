import { ActivityFailure, ApplicationFailure, TemporalFailure } from '@temporalio/common';
import { isCancellation } from '@temporalio/workflow';
import type { Reason } from '../core/reasons.ts';
import { isPassing, OUR_REASONS, STATUS_REASONS } from '../core/reasons.ts';
import type { Reads } from '../core/rollout/reads.ts';
import type { PlanFailure } from '../core/rollout/state.ts';

export function isPlanStale(error: unknown): boolean {
  return applicationFailureIn(error)?.type === OUR_REASONS.PlanStale;
}

/**
 * An activity that failed for good, as the resource's trouble. A local activity fails with its own failure, a regular one
 * with that as the cause.
 *
 * @throws whatever is no activity's failure: a broken invariant of ours, or the cancellation of the workflow.
 */
export function failureOf(error: unknown, generation: number): PlanFailure {
  if (!(error instanceof TemporalFailure) || isCancellation(error)) throw error;
  const cause = applicationFailureIn(error);
  const reason = cause ? reasonOf(cause) : OUR_REASONS.Unreachable;
  const message = cause?.message ?? `an activity did not finish: ${error.cause?.message ?? error.message}`;
  const isOfLoad = !cause || OF_LOAD.has(reason);
  return {
    ...{ reason, message, generation },
    ...(isPassing(reason) ? { passes: true as const } : {}),
    ...(isOfLoad ? { isOfLoad: true as const } : {}),
  };
}

const OF_LOAD: ReadonlySet<Reason> = new Set([
  STATUS_REASONS.TooManyRequests,
  STATUS_REASONS.Timeout,
  STATUS_REASONS.ServerTimeout,
  STATUS_REASONS.Conflict,
]);

/** What operator code had read before it failed. */
export function readsIn(error: unknown): { readonly read?: Reads } {
  const [detail] = applicationFailureIn(error)?.details ?? [];
  return typeof detail === 'object' && detail !== null && 'read' in detail
    ? { read: detail.read as Reads }
    : {};
}

function reasonOf({ type }: ApplicationFailure): Reason {
  const known: readonly string[] = [...Object.keys(STATUS_REASONS), ...Object.keys(OUR_REASONS)];
  return type != null && known.includes(type) ? (type as Reason) : STATUS_REASONS.InternalError;
}

function applicationFailureIn(error: unknown): ApplicationFailure | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure ? cause : undefined;
}
