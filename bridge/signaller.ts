/**
 * Hints to workflows, one call at a time for each: while one is under way, what comes merges and is sent right after. A
 * token bucket bounds a storm; a server that is away is asked again until it answers. The last change is always told.
 *
 * What people changed goes first, then news of objects, then resyncs, and in each the namespaces take turns. What waits is
 * one hint for each workflow, however much is said.
 */
import { ConcurrencyLimit } from '../core/flow/concurrency-limit.ts';
import { FairQueue } from '../core/flow/fair-queue.ts';
import { namespaceOfWorkflow } from '../core/refs.ts';
import { Backoff } from '../kubernetes/backoff.ts';
import type { Hint } from '../core/hint.ts';
import { mergeHints } from '../core/hint.ts';
import type { Log } from '../core/log.ts';
import type { BucketOptions } from './token-bucket.ts';
import { TokenBucket } from './token-bucket.ts';

/** To whom a hint goes, and how it is sent. */
export interface Addressee {
  readonly workflowId: string;
  /** Delivers one hint; rejects when the workflow may not have got it. */
  deliver(hint: Hint): Promise<void>;
  /** Resolves when the workflow has taken up what it was told, or nobody knows; never rejects. */
  takenUp(): Promise<void>;
}

export interface SignallerOptions {
  readonly log: Log;
  /** How many calls are under way at once, over all workflows, while Temporal bears it. */
  readonly concurrency?: number;
  /** How many hints one workflow gets, at most. */
  readonly bucket?: BucketOptions;
  /** How many workflows are told of a resync before one of them has taken it up. */
  readonly resyncs?: number;
}

export const DEFAULT_BUCKET: BucketOptions = { burst: 10, perSecond: 5 };
/** Enough to keep a worker busy; what somebody edits meanwhile has so few before it in Temporal's queue. */
export const DEFAULT_RESYNCS = 16;
const DEFAULT_CONCURRENCY = 32;
const BACKOFF = { minMs: 100, maxMs: 10_000 };

const URGENCY = { Change: 0, News: 1, Resync: 2 } as const;

interface Lane {
  addressee: Addressee;
  pending: Hint | undefined;
  /** Of what is pending. */
  urgency: number;
  readonly bucket: TokenBucket;
  readonly backoff: Backoff;
  /** The lane sends, waits for its turn, or for a time. */
  state: 'idle' | 'ready' | 'sending' | 'waiting';
  timer: NodeJS.Timeout | undefined;
}

export interface SignallerStatus {
  readonly sent: number;
  readonly inFlight: number;
  readonly queued: number;
  readonly failures: number;
  /** The last one; absent again when a later call succeeded. */
  readonly lastError: string | undefined;
}

export class Signaller {
  readonly #options: SignallerOptions;
  readonly #limit: ConcurrencyLimit;
  readonly #lanes = new Map<string, Lane>();
  /** A lane that became more urgent stands in it twice; its first turn counts. */
  readonly #ready = new FairQueue<Lane>();
  /** Told, and not taken up. */
  #resyncs = 0;
  #sent = 0;
  #failures = 0;
  #inFlight = 0;
  #lastError: string | undefined;
  #stopping = false;
  #drained: (() => void) | undefined;

  constructor(options: SignallerOptions) {
    this.#options = options;
    this.#limit = new ConcurrencyLimit(options.concurrency ?? DEFAULT_CONCURRENCY);
  }

  status(): SignallerStatus {
    const queued = [...this.#lanes.values()].filter(({ pending }) => pending !== undefined).length;
    return {
      sent: this.#sent,
      inFlight: this.#inFlight,
      queued,
      failures: this.#failures,
      lastError: this.#lastError,
    };
  }

  /** The newest addressee of a workflow id is the one that is used. */
  say(addressee: Addressee, hint: Hint): void {
    if (this.#stopping) return;
    const lane = this.#laneOf(addressee);
    lane.addressee = addressee;
    lane.pending = lane.pending ? mergeHints(lane.pending, hint) : hint;
    const urgency = urgencyOf(hint);
    const isHastened = urgency < lane.urgency;
    if (isHastened) lane.urgency = urgency;
    if (lane.state === 'idle') this.#next(lane);
    else if (isHastened && lane.state === 'ready') this.#enqueue(lane);
  }

  /** Sends what is pending at once, each once, and waits for what is under way. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const lane of this.#lanes.values()) {
      if (lane.state !== 'waiting') continue;
      clearTimeout(lane.timer);
      this.#enqueue(lane);
    }
    this.#pump();
    if (this.#inFlight > 0 || this.#ready.size > 0)
      await new Promise<void>((resolve) => (this.#drained = resolve));
  }

  #laneOf(addressee: Addressee): Lane {
    const known = this.#lanes.get(addressee.workflowId);
    if (known) return known;
    const lane: Lane = {
      addressee,
      pending: undefined,
      urgency: URGENCY.Resync,
      bucket: new TokenBucket(this.#options.bucket ?? DEFAULT_BUCKET, performance.now()),
      backoff: new Backoff(BACKOFF),
      state: 'idle',
      timer: undefined,
    };
    this.#lanes.set(addressee.workflowId, lane);
    return lane;
  }

  #next(lane: Lane): void {
    if (!lane.pending) return this.#rest(lane);
    const waitMs = this.#stopping ? 0 : lane.bucket.take(performance.now());
    if (waitMs === 0) return this.#enqueue(lane);
    this.#wait(lane, waitMs, () => this.#next(lane));
  }

  /** An idle lane is kept until its bucket is full again: a new one would begin with a full one. */
  #rest(lane: Lane): void {
    const { burst, perSecond } = this.#options.bucket ?? DEFAULT_BUCKET;
    lane.state = 'idle';
    clearTimeout(lane.timer);
    lane.timer = setTimeout(
      () => {
        if (lane.state === 'idle') this.#lanes.delete(lane.addressee.workflowId);
      },
      (burst / perSecond) * 1000,
    );
    lane.timer.unref();
  }

  #wait(lane: Lane, ms: number, then: () => void): void {
    lane.state = 'waiting';
    clearTimeout(lane.timer);
    lane.timer = setTimeout(then, ms);
    lane.timer.unref();
  }

  #enqueue(lane: Lane): void {
    lane.state = 'ready';
    this.#ready.push(lane, namespaceOfWorkflow(lane.addressee.workflowId) ?? '', lane.urgency);
    this.#pump();
  }

  #pump(): void {
    while (this.#inFlight < this.#limit.current) {
      const lane = this.#shift();
      if (!lane) break;
      if (lane.state === 'ready') void this.#send(lane);
    }
    if (this.#inFlight === 0 && this.#ready.size === 0) this.#drained?.();
  }

  #shift(): Lane | undefined {
    const isFull = !this.#stopping && this.#resyncs >= (this.#options.resyncs ?? DEFAULT_RESYNCS);
    return this.#ready.shift(isFull ? URGENCY.News : URGENCY.Resync);
  }

  async #send(lane: Lane): Promise<void> {
    const { pending: hint = {}, urgency, addressee } = lane;
    if (urgency === URGENCY.Resync) this.#resyncs++;
    lane.pending = undefined;
    lane.urgency = URGENCY.Resync;
    lane.state = 'sending';
    this.#inFlight++;
    const begunAt = performance.now();
    try {
      await addressee.deliver(hint);
      if (urgency === URGENCY.Resync) void this.#untilTakenUp(addressee);
      this.#limit.succeeded();
      this.#delivered(lane);
    } catch (error) {
      lane.pending = lane.pending ? mergeHints(hint, lane.pending) : hint;
      if (urgency === URGENCY.Resync) this.#resyncs--;
      lane.urgency = Math.min(urgency, lane.urgency);
      this.#limit.refused(begunAt, performance.now());
      this.#refused(lane, error);
    } finally {
      this.#inFlight--;
      this.#pump();
    }
  }

  async #untilTakenUp(addressee: Addressee): Promise<void> {
    await addressee.takenUp();
    this.#resyncs--;
    this.#pump();
  }

  #delivered(lane: Lane): void {
    this.#sent++;
    if (lane.backoff.failures > 0 && this.#lastError !== undefined)
      this.#options.log.info({ workflowId: lane.addressee.workflowId }, 'the workflow is signalled again');
    lane.backoff.reset();
    this.#lastError = undefined;
    this.#next(lane);
  }

  #refused(lane: Lane, error: unknown): void {
    this.#failures++;
    // Of an outage one workflow tells for all.
    const isFirst = lane.backoff.failures === 0 && this.#lastError === undefined;
    this.#lastError = messageOf(error);
    const fields = { workflowId: lane.addressee.workflowId, error: this.#lastError };
    if (this.#stopping) {
      lane.state = 'idle';
      return this.#options.log.warn(
        fields,
        'the workflow was not signalled before the stop; the next start finds what it missed',
      );
    }
    if (isFirst) this.#options.log.warn(fields, 'the workflow cannot be signalled; trying again');
    this.#wait(lane, lane.backoff.next(), () => this.#enqueue(lane));
  }
}

/** Every change is urgent that somebody made; a resync finds what was missed, if anything was. */
function urgencyOf({ resource, resync }: Hint): number {
  if (resync) return URGENCY.Resync;
  return resource ? URGENCY.Change : URGENCY.News;
}

/** A gRPC failure says what happened in its cause. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
