import { pauseAfter } from '../core/backoff.ts';
import { OUR_REASONS } from '../core/reasons.ts';
import type { PlanFailure } from '../core/rollout/state.ts';
import { currentTime } from './clock.ts';

/**
 * How soon a failure is tried again, at first and at most: one of load, one that passes by itself, and one that somebody must end. A
 * resource that had its turn late while many were busy must not wait for minutes after they are done.
 */
const LOAD_RETRY_MS = [10_000, 20_000] as const;
const PASSING_RETRY_MS = [10_000, 120_000] as const;
const LASTING_RETRY_MS = [10_000, 600_000] as const;

/** Ever more slowly, and not all resources at once: a server that comes back must not be met by everybody. */
export function retryAt({ reason, passes, isOfLoad }: PlanFailure, attempts: number): number | undefined {
  // Only another spec can cure it, and that is told.
  if (reason === OUR_REASONS.PlanInvalid) return undefined;
  const pauses = isOfLoad ? LOAD_RETRY_MS : passes ? PASSING_RETRY_MS : LASTING_RETRY_MS;
  return currentTime() + pauseAfter(attempts, pauses) * (0.75 + Math.random() / 2);
}

/** Of the times that are known. */
export function earliest(...times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((at) => at !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
}
