/** One stop of the program: each part gets a share of one time, and what does not end in it is cut off and named. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from './logger.ts';

/** Shares of the whole. Activities may finish first, and are then cancelled; statuses and signals follow what they did. */
const SHARES = {
  finish: 0.4,
  worker: 0.65,
  lease: 0.2,
  bridge: 0.15,
  events: 0.1,
  connections: 0.05,
} as const;

export class Shutdown {
  readonly #totalMs: number;
  readonly #log: Logger;
  #isClean = true;

  constructor(totalMs: number, log: Logger) {
    this.#totalMs = totalMs;
    this.#log = log;
  }

  /** Whether nothing was cut off so far. */
  get isClean(): boolean {
    return this.#isClean;
  }

  /**
   * Resolves when the work is done, failed, or its share is over.
   *
   * @param detail what is said of it when it is cut off.
   */
  async await(
    part: keyof typeof SHARES,
    work: Promise<unknown> | undefined,
    detail: () => object = () => ({}),
  ): Promise<void> {
    if (!work) return;
    const over = new AbortController();
    const cut = delay(shareOf(part, this.#totalMs), 'cut' as const, { signal: over.signal });
    const done = work.then(
      () => 'done' as const,
      (error: unknown) => error,
    );
    const end = await Promise.race([done, cut.catch(() => 'done' as const)]);
    over.abort();
    if (end === 'done') return;
    this.#isClean = false;
    const why = end === 'cut' ? {} : { error: String(end) };
    this.#log.warn({ part, ...why, ...detail() }, 'the stop did not wait for this to end');
  }
}

/** In milliseconds. */
export function shareOf(part: keyof typeof SHARES, totalMs: number): number {
  return SHARES[part] * totalMs;
}
