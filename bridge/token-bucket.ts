export interface BucketOptions {
  /** How many may go at once. */
  readonly burst: number;
  readonly perSecond: number;
}

/** Bounds how often something is done; time is what the caller says it is. */
export class TokenBucket {
  readonly #options: BucketOptions;
  #tokens: number;
  #filledAt: number;

  constructor(options: BucketOptions, nowMs: number) {
    this.#options = options;
    this.#tokens = options.burst;
    this.#filledAt = nowMs;
  }

  /** Takes a token and answers 0, or answers after how many milliseconds there will be one. */
  take(nowMs: number): number {
    const { burst, perSecond } = this.#options;
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#filledAt) / 1000) * perSecond);
    this.#filledAt = nowMs;
    if (this.#tokens < 1) return Math.ceil(((1 - this.#tokens) / perSecond) * 1000);
    this.#tokens -= 1;
    return 0;
  }
}
