import { setTimeout as sleep } from 'node:timers/promises';

export interface BackoffOptions {
  readonly minMs: number;
  readonly maxMs: number;
}

/** Full jitter (Brooker, "Exponential Backoff And Jitter"): many clients that failed together do not come back together. */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  get failures(): number {
    return this.#failures;
  }

  reset(): void {
    this.#failures = 0;
  }

  /** How long to wait after one more failure, and at least `floorMs`. */
  next(floorMs: number = 0): number {
    const { minMs, maxMs } = this.#options;
    const ceiling = Math.min(maxMs, minMs * 2 ** Math.min(this.#failures++, 30));
    return Math.max(floorMs, Math.random() * ceiling);
  }
}

/** Resolves after `ms`, or as soon as `signal` aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
