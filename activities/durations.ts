/** Durations as people write them: `30 seconds`, `5m`. */
import ms from 'ms';
import { InvalidAnswer } from '../core/operator-answers.ts';

/** In milliseconds; undefined when the text is no duration. */
export function durationOf(text: unknown): number | undefined {
  if (typeof text !== 'string' || text.length === 0 || text.length > 100) return undefined;
  const value: number | undefined = ms(text as ms.StringValue);
  return value === undefined || Number.isNaN(value) ? undefined : value;
}

/** Between two runs of operator code: less would keep a worker busy, more is longer than anything is kept. */
const SHORTEST_INTERVAL = '1 second';
const LONGEST_INTERVAL = '365 days';

/**
 * The time from one run of operator code to the next.
 *
 * @throws InvalidAnswer naming what was answered, and what may be.
 */
export function intervalOf(text: unknown, field: string): number {
  const value = durationOf(text);
  if (value !== undefined && value >= ms(SHORTEST_INTERVAL) && value <= ms(LONGEST_INTERVAL)) return value;
  const answered = typeof text === 'string' ? `"${text.slice(0, 60)}"` : String(text);
  throw new InvalidAnswer(
    `${field} answered ${answered}; answer a duration of at least "${SHORTEST_INTERVAL}" and at most "${LONGEST_INTERVAL}"`,
  );
}
