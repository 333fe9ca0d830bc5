/** Which workflows run, compared with which resources there are. */
import type { Log } from '../core/log.ts';
import { Backoff, pause } from '../kubernetes/backoff.ts';

export interface SweepParts {
  /** The ids of the operator's workflows that run. */
  running(): AsyncIterable<string>;
  /** How many they are; far cheaper to ask. */
  countRunning(): Promise<number>;
  /** The ids that the workflows of the resources have, or should have. */
  wanted(): ReadonlySet<string>;
  isOrphan(workflowId: string): boolean;
  /** The ids of those that run in another task queue, which another program polls. */
  elsewhere(): Promise<ReadonlySet<string>>;
  /** A workflow whose resource went while nobody watched. */
  onOrphan(workflowId: string): void;
  /** A workflow that went itself while its resource stayed. */
  onLost(workflowId: string): void;
}

export interface SweepTimes {
  readonly periodMs: number;
  readonly log: Log;
  /** Ends it. */
  readonly signal: AbortSignal;
}

const BACKOFF = { minMs: 500, maxMs: 30_000 };
/** Two errors may cancel out in a count, so that a list is made now and then whatever it says. */
const MOST_COUNTS = 30;

export class Sweep {
  readonly #parts: SweepParts;
  /** At the last list: one that began a moment ago may not be listed yet. */
  #missing: ReadonlySet<string> = new Set();
  /** How many more workflows ran than are wanted when a list found nothing amiss; undefined when it did. */
  #surplus: number | undefined;
  #counts = 0;

  constructor(parts: SweepParts) {
    this.#parts = parts;
  }

  /**
   * Tells of workflows whose resource went, and of those that went themselves: with the memory of Temporal, or by somebody's hand.
   * Two sweeps find a loss. While nothing changes it only counts.
   */
  async once(): Promise<void> {
    if (await this.#isAsBefore()) return;
    const running = new Set<string>();
    let orphans = 0;
    for await (const workflowId of this.#parts.running()) {
      running.add(workflowId);
      if (!this.#parts.isOrphan(workflowId)) continue;
      orphans++;
      this.#parts.onOrphan(workflowId);
    }
    const elsewhere = await this.#parts.elsewhere();
    const wanted = this.#parts.wanted();
    const gone = new Set([...wanted].filter((workflowId) => !running.has(workflowId)));
    for (const workflowId of elsewhere) gone.delete(workflowId);
    for (const workflowId of gone) if (this.#missing.has(workflowId)) this.#parts.onLost(workflowId);
    this.#missing = gone;
    this.#surplus = orphans + gone.size + elsewhere.size === 0 ? running.size - wanted.size : undefined;
    this.#counts = 0;
  }

  /** Once a period; where Temporal does not answer, ever more slowly until it does. */
  async often({ periodMs, log, signal }: SweepTimes): Promise<void> {
    const backoff = new Backoff(BACKOFF);
    while (!signal.aborted) {
      try {
        await this.once();
        backoff.reset();
        await pause(periodMs, signal);
      } catch (error) {
        if (backoff.failures === 0)
          log.warn({ error: String(error) }, 'running workflows cannot be listed; trying again');
        await pause(backoff.next(), signal);
      }
    }
  }

  async #isAsBefore(): Promise<boolean> {
    if (this.#surplus === undefined || this.#counts++ >= MOST_COUNTS) return false;
    return (await this.#parts.countRunning()) - this.#parts.wanted().size === this.#surplus;
  }
}
