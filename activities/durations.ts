/** Durations as people write them: `30 seconds`, `5m`. */
import ms from 'ms';
import { invalid } from '../api/invalid.ts';
import { InvalidAnswer } from '../core/operator-answers.ts';

/** In milliseconds; undefined when the text is no duration. A number without a unit is none: whoever writes it means no milliseconds. */
export function durationOf(text: unknown): number | undefined {
  if (typeof text !== 'string' || text.length > 100 || !/[a-z]/i.test(text)) return undefined;
  const value: number | undefined = ms(text as ms.StringValue);
  return value === undefined || Number.isNaN(value) ? undefined : value;
}

/** What is longer is a mistake, and no timer of Temporal's would take all of it. */
const LONGEST_MS = ms('365 days');

/**
 * A duration of a policy, in milliseconds.
 *
 * @throws InvalidResource naming the field, what was found there, and what is expected.
 */
export function policyDuration(
  text: unknown,
  field: string,
  { leastMs = 0, mostMs = LONGEST_MS }: { readonly leastMs?: number; readonly mostMs?: number } = {},
): number {
  const found = typeof text === 'string' ? `"${text.slice(0, 60)}"` : `a value of type ${typeof text}`;
  const value = durationOf(text);
  if (value === undefined) throw invalid(field, `${found} is no duration; write, for example, "30 minutes"`);
  if (value < leastMs || value > mostMs)
    throw invalid(
      field,
      `${found} is out of range; write at least "${long(leastMs)}" and at most "${long(mostMs)}"`,
    );
  return value;
}

/** `10 minutes`. */
export function long(milliseconds: number): string {
  return ms(milliseconds, { long: true });
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
