import { setTimeout as delay } from 'node:timers/promises';

export interface EventuallyOptions {
  /** @defaultValue {@link DEFAULT_PATIENCE_MS} */
  readonly timeoutMs?: number;
}

/** What is waited for comes in a moment; a machine that does much else at once must not fail a test. */
export const DEFAULT_PATIENCE_MS = 60_000;
/** Between two looks; what takes long is looked at less often, for looking takes time from what is waited for. */
const LOOKS = { firstMs: 20, factor: 1.4, mostMs: 250 };

type Truthy<Value> = Exclude<Value, false | undefined | null | '' | 0>;

/**
 * Looks until `look` answers with something, and gives that. A look that throws is a look that saw nothing, unless it is
 * the last: then its error is the cause.
 *
 * @throws Error that says what did not happen in time.
 */
export async function eventually<Value>(
  what: string,
  look: () => Promise<Value> | Value,
  { timeoutMs = DEFAULT_PATIENCE_MS }: EventuallyOptions = {},
): Promise<Truthy<Value>> {
  const deadline = Date.now() + timeoutMs;
  for (let pauseMs = LOOKS.firstMs; ; pauseMs = Math.min(pauseMs * LOOKS.factor, LOOKS.mostMs)) {
    let seen: unknown;
    try {
      const value = await look();
      if (value) return value as Truthy<Value>;
      seen = undefined;
    } catch (error) {
      seen = error;
    }
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs / 1000} s: ${what}`, { cause: seen });
    await delay(pauseMs);
  }
}
