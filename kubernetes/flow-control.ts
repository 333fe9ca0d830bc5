/**
 * Keeps one process from asking more of an API server than it can bear: as many requests at once as it takes without
 * complaint, in turns that are fair to every namespace; a flow that was told to come back later comes back later; and a
 * server that does not answer is asked only now and then.
 *
 * **Guarantees**: a request waits at most {@link LONGEST_WAIT_MS} before it is sent; watches and leases never wait. While
 * all is well, nothing waits and there is no timer. **Caveats**: another process of ours finds out by itself.
 */
import { ConcurrencyLimit } from '../core/flow/concurrency-limit.ts';
import { FairQueue } from '../core/flow/fair-queue.ts';
import type { Log } from '../core/log.ts';
import { OUR_REASONS, STATUS_REASONS } from '../core/reasons.ts';
import { pause } from './backoff.ts';
import type { CircuitState } from './circuit.ts';
import { Circuit, CIRCUIT_STATES } from './circuit.ts';
import type { RequestFlow } from './request-flow.ts';
import { flowOf, isExempt, isOverload, Pauses } from './request-flow.ts';
import { StatusError } from './status-error.ts';
import { statusErrorOf } from './status-mapping.ts';
import type { Answer, Call } from './transport.ts';

/** How many requests are under way at once, at most. */
export const MOST_IN_FLIGHT = 16;
/** What does not come to its turn within this time fails, and is asked again by Temporal. */
export const LONGEST_WAIT_MS = 15_000;
/** A wait that the server asks for is had here up to this length; Temporal knows how to wait longer. */
export const LONGEST_PAUSE_MS = 5_000;
const MOST_WAITING = 5_000;
const EXPIRY_MS = 500;
/** What failed together does not come back together. */
const JITTER = 0.25;
/** No answer within its time, as undici says it. */
const TIMEOUT_CODES: ReadonlySet<unknown> = new Set([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

export interface FlowStatus {
  readonly inFlight: number;
  readonly waiting: number;
  /** How many may be under way now; {@link MOST_IN_FLIGHT} while the server bears it. */
  readonly limit: number;
  /** Refusals of a server that has too much to do. */
  readonly overloads: number;
  /** Requests that were not sent: their turn did not come in time, or the circuit was open. */
  readonly unsent: number;
  readonly circuit: CircuitState;
  readonly circuitOpened: number;
  /** Why the last one had no answer; absent again after an answer. */
  readonly lastError: string | undefined;
}

interface Waiter {
  readonly deadline: number;
  readonly go: () => void;
  readonly fail: (error: Error) => void;
}

export interface FlowControlOptions {
  readonly log?: Log | undefined;
  /** Asks the server for something small; rejects when it does not answer. */
  readonly probe: () => Promise<unknown>;
  /** Milliseconds that are never set back. */
  readonly now?: () => number;
  readonly pause?: typeof pause;
}

export class FlowControl {
  readonly #options: FlowControlOptions;
  readonly #now: () => number;
  readonly #limit = new ConcurrencyLimit(MOST_IN_FLIGHT);
  readonly #circuit = new Circuit();
  readonly #pauses = new Pauses();
  readonly #waiting = new FairQueue<Waiter>();
  readonly #closing = new AbortController();
  #probing: Promise<void> | undefined;
  #expiry: NodeJS.Timeout | undefined;
  #inFlight = 0;
  #paused = 0;
  #overloads = 0;
  #unsent = 0;
  #isLowered = false;
  #lastError: string | undefined;

  constructor(options: FlowControlOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  status(): FlowStatus {
    return {
      inFlight: this.#inFlight,
      waiting: this.#waiting.size + this.#paused,
      limit: this.#limit.current,
      overloads: this.#overloads,
      unsent: this.#unsent,
      circuit: this.#circuit.state,
      circuitOpened: this.#circuit.opened,
      lastError: this.#lastError,
    };
  }

  /**
   * Sends when it is this request's turn, and once more where the server asked for so short a wait that it can be had here:
   * what it refused for want of room it has not begun.
   *
   * @throws StatusError as `send` does, and when the request was not sent: `Unreachable` or `TooManyRequests`.
   */
  async run(call: Call, send: () => Promise<Answer>): Promise<Answer> {
    const flow = flowOf(call);
    if (isExempt(call)) return this.#judge(call, flow, send);
    const deadline = this.#now() + LONGEST_WAIT_MS;
    for (;;) {
      await this.#admit(flow, deadline, call.signal);
      let answer: Answer;
      try {
        answer = await this.#judge(call, flow, send);
      } finally {
        this.#leave();
      }
      const now = this.#now();
      const waitMs = answer.code === 429 && isOverload(answer) ? this.#pauses.remainingMs(flow.kind, now) : 0;
      if (waitMs === 0 || waitMs > LONGEST_PAUSE_MS || now + waitMs > deadline) return answer;
    }
  }

  /** What needs no turn was answered; a watch was opened. */
  answered(): void {
    this.#lastError = undefined;
    if (!this.#circuit.succeeded()) return;
    this.#options.log?.info({}, 'the API server answers again');
    this.#pump();
  }

  /** There was no answer, for another reason than that the caller gave up. */
  unanswered(error: unknown, askedAtMs: number): void {
    if (!(error instanceof StatusError) || error.reason !== OUR_REASONS.Unreachable) return;
    const { code } = (error.cause ?? {}) as { readonly code?: unknown };
    if (TIMEOUT_CODES.has(code)) this.#lower(askedAtMs);
    this.#fail(error.message, askedAtMs);
  }

  close(): void {
    this.#closing.abort();
    clearTimeout(this.#expiry);
    for (const { fail } of this.#waiting.take(() => true)) fail(closed());
  }

  async #judge(call: Call, { kind }: RequestFlow, send: () => Promise<Answer>): Promise<Answer> {
    const askedAt = this.#now();
    let answer: Answer;
    try {
      answer = await send();
    } catch (error) {
      this.unanswered(error, askedAt);
      throw error;
    }
    this.#pauses.learn(kind, answer.flowSchema);
    if (answer.code < 400) this.#raise();
    else if (isOverload(answer)) this.#heed(call, kind, answer, askedAt);
    // A 500 may be that of a webhook alone, and says nothing of the server.
    if (answer.code > 500) this.#fail(statusErrorOf(call, answer).message, askedAt);
    else if (answer.code < 500) this.answered();
    return answer;
  }

  #heed(call: Call, kind: string, answer: Answer, askedAt: number): void {
    this.#overloads++;
    this.#lower(askedAt);
    const { retryAfterMs } = statusErrorOf(call, answer);
    if (retryAfterMs) this.#pauses.pause(kind, this.#now() + retryAfterMs);
  }

  /** Returns when the request may be sent, and then counts it as under way. */
  async #admit(flow: RequestFlow, deadline: number, signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      if (this.#circuit.state !== CIRCUIT_STATES.Closed) await this.#passCircuit();
      const waitMs = this.#pauses.remainingMs(flow.kind, this.#now());
      if (waitMs > LONGEST_PAUSE_MS || this.#now() + waitMs > deadline)
        throw this.#refusal('as the API server asked', waitMs);
      if (waitMs > 0) await this.#pause(waitMs, signal);
      if (this.#waiting.size > 0 || this.#inFlight >= this.#limit.current)
        await this.#queue(flow, deadline, signal);
      else this.#inFlight++;
      // The server may have asked for a pause while this one stood in line.
      if (this.#pauses.remainingMs(flow.kind, this.#now()) === 0) return;
      this.#leave();
    }
  }

  #leave(): void {
    this.#inFlight--;
    this.#pump();
  }

  async #pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    this.#paused++;
    const { signal: closing } = this.#closing;
    const wait = this.#options.pause ?? pause;
    await wait(ms, signal ? AbortSignal.any([signal, closing]) : closing).finally(() => this.#paused--);
    signal?.throwIfAborted();
    if (closing.aborted) throw closed();
  }

  async #queue(flow: RequestFlow, deadline: number, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#waiting.size >= MOST_WAITING) throw this.#refusal('too many wait already', LONGEST_PAUSE_MS);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { deadline, go: resolve, fail: reject };
    const leave = (): void => {
      for (const each of this.#waiting.take((other) => other === waiter)) each.fail(reasonOf(signal));
    };
    signal?.addEventListener('abort', leave, { once: true });
    this.#waiting.push(waiter, flow.namespace, flow.urgency);
    this.#expiry ??= setTimeout(() => this.#expire(), EXPIRY_MS).unref();
    await promise.finally(() => signal?.removeEventListener('abort', leave));
  }

  #pump(): void {
    while (this.#inFlight < this.#limit.current) {
      const waiter = this.#waiting.shift();
      if (!waiter) return;
      if (waiter.deadline < this.#now()) this.#turnAway(waiter);
      else {
        this.#inFlight++;
        waiter.go();
      }
    }
  }

  #turnAway({ fail }: Waiter): void {
    fail(this.#refusal('others are before it', LONGEST_PAUSE_MS));
  }

  #expire(): void {
    const now = this.#now();
    for (const waiter of this.#waiting.take(({ deadline }) => deadline <= now)) this.#turnAway(waiter);
    this.#expiry = this.#waiting.size > 0 ? setTimeout(() => this.#expire(), EXPIRY_MS).unref() : undefined;
  }

  /** The first who comes when the time is over asks for all. */
  async #passCircuit(): Promise<void> {
    while (this.#circuit.state !== CIRCUIT_STATES.Closed) {
      const remainingMs = this.#circuit.remainingMs(this.#now());
      if (remainingMs > 0) throw this.#isOpen(remainingMs);
      this.#probing ??= this.#probe().finally(() => (this.#probing = undefined));
      await this.#probing;
    }
  }

  async #probe(): Promise<void> {
    this.#circuit.probes();
    try {
      await this.#options.probe();
      this.answered();
    } catch {
      // Why it does not answer is known: it is what opened the circuit.
      this.#circuit.staysOpen(this.#now());
    }
  }

  #fail(message: string, askedAtMs: number): void {
    this.#lastError = message;
    if (!this.#circuit.failed(askedAtMs, this.#now())) return;
    this.#options.log?.warn(
      { error: message },
      'the API server does not answer; it is asked only now and then until it does',
    );
    for (const { fail } of this.#waiting.take(() => true))
      fail(this.#isOpen(this.#circuit.remainingMs(this.#now())));
  }

  #lower(askedAtMs: number): void {
    this.#limit.refused(askedAtMs, this.#now());
    if (this.#isLowered) return;
    this.#isLowered = true;
    this.#options.log?.warn(
      { limit: this.#limit.current },
      'the API server has too much to do; fewer requests are sent at once',
    );
  }

  #raise(): void {
    this.#limit.succeeded();
    if (!this.#isLowered || this.#limit.current < MOST_IN_FLIGHT) return;
    this.#isLowered = false;
    this.#options.log?.info({ limit: MOST_IN_FLIGHT }, 'the API server bears all requests again');
  }

  #isOpen(remainingMs: number): StatusError {
    this.#unsent++;
    return new StatusError(`${this.#lastError}; it is asked only now and then until it answers`, {
      code: 0,
      reason: OUR_REASONS.Unreachable,
      retryAfterMs: jittered(remainingMs),
    });
  }

  #refusal(why: string, waitMs: number): StatusError {
    this.#unsent++;
    return new StatusError(`the request waits, ${why}`, {
      code: 429,
      reason: STATUS_REASONS.TooManyRequests,
      retryAfterMs: jittered(waitMs),
    });
  }
}

function jittered(ms: number): number {
  return Math.ceil(ms * (1 + Math.random() * JITTER));
}

function reasonOf(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal?.reason });
}

export function closed(): Error {
  return new Error('the Kubernetes client is closed');
}
