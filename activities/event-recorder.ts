/**
 * Kubernetes events, written beside the work and never in its way: an event is news for people, the history is the
 * record. Names are deterministic, so that an activity that runs twice tells its news once. Warnings are written first, and while too
 * many wait, news of success is dropped before them, and counted.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { boundedBytes } from '../core/bounded-text.ts';
import { shortHash } from '../core/hash.ts';
import { ANNOTATIONS } from '../core/labels.ts';
import type { Log } from '../core/log.ts';
import type { Manifest } from '../core/manifest.ts';
import type { ObjectRef } from '../core/refs.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import type { EventType } from './event-queue.ts';
import { EventQueue } from './event-queue.ts';
import { createOrCount } from './event-series.ts';

/** One thing that happened to a resource. */
export interface News {
  readonly type: EventType;
  /** CamelCase, stable: what people filter by. */
  readonly reason: string;
  /** What was done, as events.k8s.io asks: `Create`, `Update`, `Delete`, `Rollout`. */
  readonly action: string;
  /** One sentence; at most 1 kB is kept. */
  readonly note: string;
  /** It may happen again and again in the same words, as a write that is refused: repeats are counted in one event. */
  readonly repeats?: true;
}

export interface Subject {
  /** The custom resource it is about. */
  readonly regarding: Manifest;
  readonly related?: { readonly apiVersion: string; readonly ref: ObjectRef; readonly uid?: string };
  /** The same for every run of the activity that tells it. */
  readonly occurrence: string;
}

export interface EventRecorder {
  record(subject: Subject, news: News): void;
  /** Resolves when everything recorded so far is written or given up. */
  flush(): Promise<void>;
}

export interface EventsStatus {
  readonly waiting: number;
  readonly written: number;
  /** Events that were not written, because too many waited or the API server refused them. */
  readonly dropped: Readonly<Record<EventType, number>>;
}

/** Side by side, so that one that is refused for a while does not hold up the others. */
const WRITERS = 4;
/**
 * Each takes a breath after what is no warning, and a long one while many wait: half of all writes of an upgrade are events, and must
 * not compete with the work they tell of.
 */
const BREATH_MS = 5;
const LONG_BREATH_MS = 20;
const MANY = 25;
const ATTEMPTS = 4;
/** As events.k8s.io/v1 allows; one that is longer is refused. */
const MOST_BYTES = { note: 1_024, word: 128 };

export interface EventRecorderOptions {
  readonly api: KubernetesApi;
  /** For example `pinots.datainfra.io`. */
  readonly controller: string;
  /** The pod or process. */
  readonly instance: string;
  readonly log: Log;
  /** How many may wait. */
  readonly limits?: Readonly<Record<EventType, number>>;
}

export function createEventRecorder(
  options: EventRecorderOptions,
): EventRecorder & { status(): EventsStatus } {
  return new QueuedRecorder(options);
}

class QueuedRecorder implements EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #queue: EventQueue;
  readonly #writers = new Set<Promise<void>>();
  readonly #dropped = { Warning: 0, Normal: 0 };
  #written = 0;
  #isHurried = false;
  #isFull = false;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#queue = new EventQueue(options.limits);
  }

  record(subject: Subject, news: News): void {
    const { controller, instance } = this.#options;
    if (!this.#queue.push(eventOf(subject, news, controller, instance), news.type)) return this.#drop(news);
    if (this.#writers.size >= WRITERS) return;
    const writer = this.#write().finally(() => this.#writers.delete(writer));
    this.#writers.add(writer);
  }

  async flush(): Promise<void> {
    this.#isHurried = true;
    while (this.#writers.size > 0) await Promise.all(this.#writers);
    this.#isHurried = false;
  }

  status(): EventsStatus {
    return { waiting: this.#queue.size, written: this.#written, dropped: { ...this.#dropped } };
  }

  /** Of a queue that is full one line tells, until it was empty. */
  #drop({ type, reason }: News): void {
    this.#dropped[type]++;
    if (this.#isFull) return;
    this.#isFull = true;
    this.#options.log.warn(
      { type, reason, waiting: this.#queue.size },
      'events are dropped: too many wait to be written',
    );
  }

  async #write(): Promise<void> {
    for (let event = this.#queue.shift(); event; event = this.#queue.shift()) {
      await this.#writeOne(event);
      const isUrgent = this.#isHurried || event['type'] === 'Warning';
      if (!isUrgent) await delay(this.#queue.size > MANY ? LONG_BREATH_MS : BREATH_MS);
    }
    this.#isFull = false;
  }

  async #writeOne(event: Manifest): Promise<void> {
    const { api } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        await (ANNOTATIONS.occurrence in (event.metadata.annotations ?? {})
          ? createOrCount(api, event)
          : api.create(event));
        this.#written++;
        return;
      } catch (error) {
        const known = error instanceof StatusError ? error : undefined;
        if (known?.reason === 'AlreadyExists') return;
        if (!known?.isTransient || attempt === ATTEMPTS) return this.#giveUp(event, error);
        await delay(known.retryAfterMs ?? 200 * 2 ** attempt);
      }
    }
  }

  #giveUp({ metadata, type }: Manifest, error: unknown): void {
    this.#dropped[type === 'Warning' ? 'Warning' : 'Normal']++;
    const reason = error instanceof StatusError ? error.reason : undefined;
    this.#options.log.warn({ event: metadata.name, reason, error: String(error) }, 'event not recorded');
  }
}

function eventOf(
  { regarding, related, occurrence }: Subject,
  news: News,
  controller: string,
  instance: string,
): Manifest {
  const { name, namespace = 'default', uid } = regarding.metadata;
  const { reason, action, note, repeats } = news;
  const which = repeats ? `${action} ${note}` : occurrence;
  const hash = shortHash([uid, which, related?.ref.kind, related?.ref.name, reason].join(' '));
  const counted = repeats ? { annotations: { [ANNOTATIONS.occurrence]: occurrence } } : {};
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: `${name.slice(0, 230)}.${hash}`, namespace, ...counted },
    eventTime: new Date().toISOString().replace('Z', '000Z'),
    reportingController: controller,
    reportingInstance: boundedBytes(instance, MOST_BYTES.word),
    type: news.type,
    reason: boundedBytes(news.reason, MOST_BYTES.word),
    action: boundedBytes(news.action, MOST_BYTES.word),
    note: boundedBytes(news.note, MOST_BYTES.note),
    regarding: referenceTo(regarding.apiVersion, { group: '', kind: regarding.kind, namespace, name }, uid),
    ...(related ? { related: referenceTo(related.apiVersion, related.ref, related.uid) } : {}),
  };
}

function referenceTo(apiVersion: string, { kind, namespace, name }: ObjectRef, uid?: string): object {
  return { apiVersion, kind, name, ...(namespace ? { namespace } : {}), ...(uid ? { uid } : {}) };
}
