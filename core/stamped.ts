/** Results of activities as they stand in histories: with the time, which a workflow learns in no other way that lasts. */

/** A result, and when it was there: epoch milliseconds by Temporal's clock. */
export interface Stamped {
  readonly endedAt: number;
  readonly result?: unknown;
}

/** The header that tells an activity what time it is. */
export const SENT_AT = 'sent-at';

export function isStamped(value: unknown): value is Stamped {
  return typeof value === 'object' && value !== null && 'endedAt' in value;
}
