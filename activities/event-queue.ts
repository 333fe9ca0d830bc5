/**
 * Events that wait to be written: warnings before news of success, and among equals the namespaces in turns. What comes again while
 * it waits is merged. It is bounded, and the last places are those of warnings.
 */
import { FairQueue } from '../core/flow/fair-queue.ts';
import { readNumber } from '../core/health/read.ts';
import { ANNOTATIONS } from '../core/labels.ts';
import type { Manifest } from '../core/manifest.ts';

const LIMITS = { Warning: 10_000, Normal: 8_000 };
const URGENCY = { Warning: 0, Normal: 1 };

export type EventType = keyof typeof LIMITS;

export class EventQueue {
  readonly #limits: Readonly<Record<EventType, number>>;
  readonly #queue = new FairQueue<string>();
  readonly #events = new Map<string, Manifest>();

  constructor(limits: Readonly<Record<EventType, number>> = LIMITS) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#events.size;
  }

  /** Answers whether it will be written; false where too many wait. */
  push(event: Manifest, type: EventType): boolean {
    const { name, namespace = '' } = event.metadata;
    const id = `${namespace}/${name}`;
    const waiting = this.#events.get(id);
    if (waiting) {
      this.#events.set(id, merged(waiting, event));
      return true;
    }
    if (this.size >= this.#limits[type]) return false;
    this.#events.set(id, event);
    this.#queue.push(id, namespace, URGENCY[type]);
    return true;
  }

  shift(): Manifest | undefined {
    const id = this.#queue.shift();
    if (id === undefined) return undefined;
    const event = this.#events.get(id);
    this.#events.delete(id);
    return event;
  }
}

/** One that tells of the same occurrence says nothing new; another one counts. */
function merged(waiting: Manifest, event: Manifest): Manifest {
  const occurrence = event.metadata.annotations?.[ANNOTATIONS.occurrence];
  if (waiting.metadata.annotations?.[ANNOTATIONS.occurrence] === occurrence) return waiting;
  const count = (readNumber(waiting, 'series', 'count') ?? 1) + 1;
  const series = { count, lastObservedTime: event['eventTime'] };
  return { ...event, eventTime: waiting['eventTime'], series };
}
