/** When operator code that failed is called again: by what the failure says of its cause. */
import type { Pauses } from '../backoff.ts';
import { pauseAfter } from '../backoff.ts';
import { OUR_REASONS, STATUS_REASONS } from '../reasons.ts';

/** Somebody must grant a right, or create something. */
const SLOW: Pauses = [10_000, 600_000];
/** The same request is refused the same way, until the resource or the operator changes. */
const HOPELESS: Pauses = [600_000, 600_000];

const PAUSES: ReadonlyMap<string, Pauses> = new Map([
  [STATUS_REASONS.Forbidden, SLOW],
  [STATUS_REASONS.Unauthorized, SLOW],
  [STATUS_REASONS.NotFound, SLOW],
  [OUR_REASONS.HookFailed, [2_000, 600_000]],
  [STATUS_REASONS.Invalid, HOPELESS],
  [STATUS_REASONS.BadRequest, HOPELESS],
]);

/** Every further failure doubles the pause. */
export function callAgainMs(reason: string | undefined, attempts: number, otherwise: Pauses): number {
  return pauseAfter(attempts, (reason !== undefined && PAUSES.get(reason)) || otherwise);
}

/** So many failures in a row are passed over as work that goes on. */
const MOST_TRIES = 2;

/** Whether what a call failed of is likely to go on. */
export function isLastingFailure(reason: string, attempts: number): boolean {
  const isUnclear = reason === OUR_REASONS.HookFailed || reason === OUR_REASONS.GateFailed;
  return attempts > MOST_TRIES || !isUnclear;
}
