/**
 * How much may be under way at once with a server that says when it is too much: halved by a refusal, and one more for each
 * round that went well, as TCP finds the width of its way. Time is what the caller says it is.
 */
export class ConcurrencyLimit {
  readonly ceiling: number;
  #limit: number;
  #loweredAt = -Infinity;

  constructor(ceiling: number) {
    this.ceiling = ceiling;
    this.#limit = ceiling;
  }

  get current(): number {
    return Math.floor(this.#limit);
  }

  /** What was begun before the limit was last lowered says nothing of the lower one. */
  refused(begunAtMs: number, nowMs: number): void {
    if (begunAtMs <= this.#loweredAt) return;
    this.#limit = Math.max(1, this.#limit / 2);
    this.#loweredAt = nowMs;
  }

  succeeded(): void {
    this.#limit = Math.min(this.ceiling, this.#limit + 1 / this.#limit);
  }
}
