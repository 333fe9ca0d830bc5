/**
 * When each resource was last compared, and whose turn is next. The one that waits longest has the next turn, so that every
 * resource is compared within one period of its last comparison, whenever it was made. Pure but for the times it is given.
 */
export interface ComparisonsStatus {
  /** Resources that were not compared within a period. */
  readonly overdue: number;
  /** How long ago the comparison was of the resource that waits longest; 0 without any. */
  readonly oldestSeconds: number;
}

/** What is late by less is late because of a timer. */
const GRACE = 0.1;

export class Comparisons {
  readonly #periodMs: number;
  /** By uid, the time of the last comparison; the oldest first. */
  #at = new Map<string, number>();
  #turnAt = -Infinity;

  constructor(periodMs: number) {
    this.#periodMs = periodMs;
  }

  get size(): number {
    return this.#at.size;
  }

  has(uid: string): boolean {
    return this.#at.has(uid);
  }

  /** It was compared just now. */
  done(uid: string, now: number): void {
    this.#at.delete(uid);
    this.#at.set(uid, now);
    this.#turnAt = now;
  }

  /** It is known from now on, and needs no comparison yet: whoever made it known looks at it. */
  add(uid: string, now: number): void {
    if (!this.#at.has(uid)) this.#at.set(uid, now);
  }

  forget(uid: string): void {
    this.#at.delete(uid);
  }

  clear(): void {
    this.#at.clear();
    this.#turnAt = -Infinity;
  }

  /** Takes up when resources were compared by a program that ran before this one. */
  learn(times: ReadonlyMap<string, number>): void {
    for (const [uid, at] of times) {
      const known = this.#at.get(uid);
      if (known !== undefined && at < known) this.#at.set(uid, at);
    }
    this.#at = new Map([...this.#at].sort(([, a], [, b]) => a - b));
  }

  /** Whose turn is next, and when: turns are spread over the period, and what is due does not wait for that. */
  get next(): { readonly uid: string; readonly at: number } | undefined {
    const [oldest] = this.#at;
    if (!oldest) return undefined;
    const [uid, comparedAt] = oldest;
    const spread = this.#periodMs / (this.#at.size + 1);
    return { uid, at: Math.min(comparedAt + this.#periodMs, Math.max(this.#turnAt, comparedAt) + spread) };
  }

  status(now: number): ComparisonsStatus {
    const [oldest = now] = this.#at.values();
    const limit = now - this.#periodMs * (1 + GRACE);
    let overdue = 0;
    for (const at of this.#at.values()) {
      if (at >= limit) break;
      overdue++;
    }
    return { overdue, oldestSeconds: Math.max(0, now - oldest) / 1000 };
  }
}
