import { pauseAfter } from '../core/backoff.ts';
import { sleep } from '@temporalio/workflow';
import { currentTime, passTo } from './clock.ts';

/** A plan of one generation that never stays as planned must not spin. */
const MOST_STALE_PLANS = 3;
const PAUSES_MS = [500, 3_000] as const;
/** After so long without a stale plan, the next one is an edit like any other. */
const CALM_MS = 15_000;

/**
 * A resource that is changed while it is applied is planned again at once. One that is changed all the time is given time to settle
 * first, ever longer, and what arrives meanwhile is one edit: or most of what is planned would be stale before it is applied.
 */
export class Staleness {
  /** In a row, of one generation. */
  #inARow = 0;
  #generation: number | undefined;
  #recent = 0;
  #lastAt = -Infinity;
  #pauseMs = 0;

  end(): void {
    this.#inARow = 0;
  }

  /** Answers whether it is worth planning again. */
  add(generation: number): boolean {
    const now = currentTime();
    this.#recent = now - this.#lastAt > CALM_MS ? 1 : this.#recent + 1;
    this.#lastAt = now;
    this.#inARow = generation === this.#generation ? this.#inARow + 1 : 1;
    this.#generation = generation;
    this.#pauseMs = this.#recent === 1 ? 0 : pauseAfter(this.#recent - 1, PAUSES_MS);
    return this.#inARow <= MOST_STALE_PLANS;
  }

  /** Resolves when the next plan may be made; undefined when it may be made now. */
  settle(): Promise<void> | undefined {
    const ms = this.#pauseMs;
    this.#pauseMs = 0;
    return ms === 0 ? undefined : this.#pause(ms);
  }

  async #pause(ms: number): Promise<void> {
    const until = currentTime() + ms;
    await sleep(ms, { summary: 'edits follow each other: waits for them to settle' });
    passTo(until);
  }
}
