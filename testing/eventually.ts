import { setTimeout as delay } from 'node:timers/promises';

export interface EventuallyOptions {
  /** @defaultValue {@link DEFAULT_PATIENCE_MS} */
  readonly timeoutMs?: number;
}

export const DEFAULT_PATIENCE_MS = 20_000;
const LOOK_EVERY_MS = 25;

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
  for (;;) {
    let seen: unknown;
    try {
      const value = await look();
      if (value) return value as Truthy<Value>;
      seen = undefined;
    } catch (error) {
      seen = error;
    }
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs / 1000} s: ${what}`, { cause: seen });
    await delay(LOOK_EVERY_MS);
  }
}
