/** Compares every resource once a period, whatever becomes of a single comparison. */
import type { Log } from '../core/log.ts';
import { pause } from '../kubernetes/backoff.ts';
import type { ComparisonsStatus } from './comparisons.ts';
import { Comparisons } from './comparisons.ts';

export interface ResyncOptions {
  readonly periodMs: number;
  /**
   * Compares one resource, and answers whether it is still known. Waits for nothing.
   *
   * @param isFirst for the first time since this bridge leads.
   */
  readonly compare: (uid: string, isFirst: boolean) => boolean;
  readonly log: Log;
}

/** Resources come and go, and what is learned of them changes whose turn is next. */
const LONGEST_PAUSE_MS = 1_000;

export class Resync {
  readonly #options: ResyncOptions;
  readonly #comparisons: Comparisons;
  #hasLearned = false;

  constructor(options: ResyncOptions) {
    this.#options = options;
    this.#comparisons = new Comparisons(options.periodMs);
  }

  /** Compares all at once. */
  begin(uids: Iterable<string>): void {
    this.#comparisons.clear();
    this.#hasLearned = false;
    for (const uid of uids) this.#compare(uid, true);
  }

  /** From now on compares one after the other. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { next } = this.#comparisons;
      const waitMs = next ? next.at - performance.now() : LONGEST_PAUSE_MS;
      await pause(Math.min(Math.max(waitMs, 0), LONGEST_PAUSE_MS), signal);
      if (next && waitMs <= LONGEST_PAUSE_MS && !signal.aborted) this.#compare(next.uid, false);
    }
  }

  /** It appeared, and its workflow was told. */
  add(uid: string): void {
    this.#comparisons.add(uid, performance.now());
  }

  forget(uid: string): void {
    this.#comparisons.forget(uid);
  }

  /** Takes up, once, when resources were compared by a program before this one. @param times by uid, in epoch milliseconds. */
  learn(times: ReadonlyMap<string, number>): void {
    if (this.#hasLearned) return;
    this.#hasLearned = true;
    const [now, today] = [performance.now(), Date.now()];
    this.#comparisons.learn(new Map(Array.from(times, ([uid, at]) => [uid, now - Math.max(0, today - at)])));
  }

  status(): ComparisonsStatus {
    return this.#comparisons.status(performance.now());
  }

  /** An error of one resource is said, and the others have their turns. */
  #compare(uid: string, isFirst: boolean): void {
    const { compare, log } = this.#options;
    this.#comparisons.done(uid, performance.now());
    try {
      if (!compare(uid, isFirst)) this.#comparisons.forget(uid);
    } catch (error) {
      log.error(
        { uid, error: String(error) },
        'a resource could not be compared; the next resync tries again',
      );
    }
  }
}
