import { AsyncLocalStorage } from 'node:async_hooks';
import { Context } from '@temporalio/activity';

const BEAT_MS = 1_000;
/**
 * Most attempts end sooner, and each heartbeat is a transaction of Temporal's. Measured and not counted in beats, of which a process
 * that stands still for a moment misses some: the first must be there within the heartbeat timeout all the same.
 */
const HEARTBEAT_MS = 5_000;
/**
 * Temporal gives an attempt up after 10 seconds without a heartbeat. One whose process did not run for 2 seconds, and whose next
 * heartbeat was late for other reasons, too, may have been given up.
 */
const LONGEST_PAUSE_MS = 2_000;

/** Whether the process of an attempt has run all the while, by a clock that goes on while it does not. */
export class Pulse {
  readonly #now: () => number;
  #beatAt: number;
  #isLost = false;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#beatAt = now();
  }

  beat(): void {
    this.#isLost = this.isLost;
    this.#beatAt = this.#now();
  }

  /** For good: Temporal may have begun another attempt. */
  get isLost(): boolean {
    return this.#isLost || this.#now() - this.#beatAt > BEAT_MS + LONGEST_PAUSE_MS;
  }
}

const pulses = new AsyncLocalStorage<Pulse>();

/** Of the attempt that is under way; absent where none tells that it lives. */
export function pulseOfAttempt(): Pulse | undefined {
  return pulses.getStore();
}

/** The answer to a heartbeat says whether the work is cancelled; who must hear of that soon asks often. */
export const OFTEN_MS = 2_000;

/** A worker that dies in the middle is noticed within the heartbeat timeout, and the work is done again elsewhere. */
export async function heartbeating<Result>(
  work: () => Promise<Result>,
  everyMs: number = HEARTBEAT_MS,
): Promise<Result> {
  const { heartbeat } = Context.current();
  const pulse = new Pulse();
  let toldAt = performance.now();
  const beat = setInterval(() => {
    pulse.beat();
    if (performance.now() - toldAt < everyMs) return;
    toldAt = performance.now();
    heartbeat();
  }, BEAT_MS);
  try {
    return await pulses.run(pulse, work);
  } finally {
    clearInterval(beat);
  }
}
