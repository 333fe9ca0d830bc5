/**
 * Kubernetes events, written beside the work and never in its way: an event is news for people, the history is the
 * record. Names are deterministic, so that an activity that runs twice tells its news once.
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
import { createOrCount } from './event-series.ts';

/** One thing that happened to a resource. */
export interface News {
  readonly type: 'Normal' | 'Warning';
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

const QUEUE_LIMIT = 10_000;
/**
 * One after the other, with a breath between, and a long one while many wait: half of all writes of an upgrade are events,
 * and must not compete with the work they tell of.
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
}

export function createEventRecorder({ api, controller, instance, log }: EventRecorderOptions): EventRecorder {
  const queue: Manifest[] = [];
  let writing: Promise<void> | undefined;
  let isHurried = false;

  async function write(): Promise<void> {
    for (let event = queue.shift(); event; event = queue.shift()) {
      await writeOne(event);
      if (!isHurried) await delay(queue.length > MANY ? LONG_BREATH_MS : BREATH_MS);
    }
    writing = undefined;
  }

  async function writeOne(event: Manifest): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await (ANNOTATIONS.occurrence in (event.metadata.annotations ?? {})
          ? createOrCount(api, event)
          : api.create(event));
        return;
      } catch (error) {
        const known = error instanceof StatusError ? error : undefined;
        if (known?.reason === 'AlreadyExists') return;
        if (!known?.isTransient || attempt === ATTEMPTS) {
          log.warn(
            { event: event.metadata.name, reason: known?.reason, error: String(error) },
            'event not recorded',
          );
          return;
        }
        await delay(known.retryAfterMs ?? 200 * 2 ** attempt);
      }
    }
  }

  return {
    record(subject, news) {
      if (queue.length >= QUEUE_LIMIT) {
        log.warn({ reason: news.reason, queued: queue.length }, 'event dropped: too many wait to be written');
        return;
      }
      queue.push(eventOf(subject, news, controller, instance));
      writing ??= write();
    },
    async flush() {
      isHurried = true;
      while (writing) await writing;
      isHurried = false;
    },
  };
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
