/**
 * Whether Temporal answers, asked again and again: the connection to a server that is frozen stays open, and a poll that gets no answer
 * looks like one that waits for work.
 */
import type { Log } from '../core/log.ts';
import { Backoff, pause } from '../kubernetes/backoff.ts';
import type { PartHealth } from './health-server.ts';
import { SetupError } from './setup-error.ts';
import { unlessAborted } from './unless-aborted.ts';

export interface TemporalProbeOptions {
  readonly name: string;
  /** One cheap call. @throws SetupError when the program must not go on. */
  check(): Promise<void>;
  readonly log: Log;
  /** @defaultValue {@link PROBE_TIMES} */
  readonly times?: ProbeTimes;
}

export interface ProbeTimes {
  /** Between two calls that were answered. */
  readonly periodMs: number;
  /** What takes longer has failed, whatever the connection makes of it. */
  readonly longestMs: number;
  /** Between two calls that failed, at most. */
  readonly againMs: number;
}

export const PROBE_TIMES: ProbeTimes = { periodMs: 10_000, longestMs: 6_000, againMs: 2_000 };

export class TemporalProbe {
  readonly #options: TemporalProbeOptions;
  readonly #times: ProbeTimes;
  readonly #backoff: Backoff;
  #answeredAt: number | undefined;
  #error: string | undefined;

  constructor(options: TemporalProbeOptions) {
    this.#options = options;
    this.#times = options.times ?? PROBE_TIMES;
    this.#backoff = new Backoff({ minMs: this.#times.againMs / 4, maxMs: this.#times.againMs });
  }

  /** Resolves when it has answered, or `signal` is aborted. @throws SetupError of the check. */
  async answered(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !(await this.#ask(signal))) await pause(this.#backoff.next(), signal);
  }

  /** Asks until `signal` is aborted. @throws SetupError of the check. */
  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      await pause(this.#times.periodMs, signal);
      if (signal.aborted) return;
      await this.answered(signal);
    }
  }

  health(): PartHealth {
    const { name } = this.#options;
    const detail = {
      ...(this.#answeredAt === undefined
        ? {}
        : { answeredSecondsAgo: Math.round((performance.now() - this.#answeredAt) / 1000) }),
      ...(this.#error === undefined ? {} : { error: this.#error }),
    };
    const isReady = this.#answeredAt !== undefined && this.#error === undefined;
    return { name, isDead: false, isReady, detail };
  }

  async #ask(signal: AbortSignal): Promise<boolean> {
    const { check, log, name } = this.#options;
    const late = AbortSignal.timeout(this.#times.longestMs);
    try {
      await unlessAborted(AbortSignal.any([signal, late]), check());
    } catch (error) {
      if (error instanceof SetupError) throw error;
      if (signal.aborted) return false;
      const message = late.aborted ? `no answer within ${this.#times.longestMs} ms` : String(error);
      if (this.#error === undefined) log.warn({ name, error: message }, 'Temporal does not answer');
      this.#error = message;
      return false;
    }
    if (this.#error !== undefined) log.info({ name }, 'Temporal answers again');
    this.#error = undefined;
    this.#answeredAt = performance.now();
    this.#backoff.reset();
    return true;
  }
}
