/** What a test says of a workflow's history: an order, an absence, a cost. */
import assert from 'node:assert/strict';
import type { temporal } from '@temporalio/proto';
import { defaultPayloadConverter } from '@temporalio/common';
import type { ApplyItem } from '../../activities/index.ts';

type Event = temporal.api.history.v1.IHistoryEvent;
export type History = temporal.api.history.v1.IHistory;

/** All texts that a history holds, those in its payloads, too. JSON would write the payloads in base64, in which no text is found. */
export function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, inner]) => `${name}: ${textOf(inner)}`)
    .join('\n');
}

export class HistoryAssertion {
  readonly #events: readonly Event[];

  constructor(history: History) {
    this.#events = history.events ?? [];
  }

  get length(): number {
    return this.#events.length;
  }

  /** Each workload was applied, none before its predecessor; names as in the toy spec. The last application counts. */
  appliedInOrder(...nodes: readonly string[]): this {
    const order = this.appliedWorkloads();
    const places = nodes.map((node) => order.findLastIndex((names) => names.includes(node)));
    for (const [index, place] of places.entries()) {
      assert.notEqual(place, -1, `${nodes[index]} was never applied; applied were ${JSON.stringify(order)}`);
      assert.ok(index === 0 || place > (places[index - 1] ?? 0), `the order was ${JSON.stringify(order)}`);
    }
    return this;
  }

  /** The workloads of each application, in order; without the name of their resource. */
  appliedWorkloads(): readonly (readonly string[])[] {
    return this.#scheduled('applyWorkloads').map((items) =>
      items.map(({ key }) => key.slice(key.lastIndexOf('-') + 1)),
    );
  }

  /** How long each timer was set to, in seconds. */
  timers(): readonly number[] {
    return this.#events.flatMap(({ timerStartedEventAttributes: timer }) =>
      timer
        ? [
            Number(timer.startToFireTimeout?.seconds ?? 0) +
              Number(timer.startToFireTimeout?.nanos ?? 0) / 1e9,
          ]
        : [],
    );
  }

  /** A worker that dies in the middle of a regular activity is noticed within so many seconds. */
  noticesDeathWithin(seconds: number): this {
    const scheduled = this.#events.flatMap((event) => event.activityTaskScheduledEventAttributes ?? []);
    assert.notEqual(scheduled.length, 0, `no regular activity in\n${this.toString()}`);
    const blind = scheduled.flatMap(({ heartbeatTimeout, activityType }) => {
      const timeout = Number(heartbeatTimeout?.seconds ?? 0);
      return timeout === 0 || timeout > seconds ? [activityType?.name] : [];
    });
    assert.deepEqual(blind, [], `these are waited for longer than ${seconds} s when their worker is dead`);
    return this;
  }

  never(node: string): this {
    assert.deepEqual(
      this.appliedWorkloads().filter((names) => names.includes(node)),
      [],
      `${node} was applied`,
    );
    return this;
  }

  /** The history holds at most so many events. */
  events(max: number): this {
    const count = this.#events.length;
    assert.ok(count <= max, `${count} events instead of at most ${max}:\n${this.toString()}`);
    return this;
  }

  /** Nothing will wake this workflow but a signal. */
  noTimersWhenIdle(): this {
    const started = this.#ids('timerStartedEventAttributes', 'timerId');
    const over = [
      ...this.#ids('timerFiredEventAttributes', 'timerId'),
      ...this.#ids('timerCanceledEventAttributes', 'timerId'),
    ];
    assert.deepEqual(
      started.filter((id) => !over.includes(id)),
      [],
    );
    return this;
  }

  /** The regular activity ran so often. */
  ran(activity: string, times: number): this {
    const names = this.#events.map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name);
    assert.equal(
      names.filter((name) => name === activity).length,
      times,
      `${activity} in\n${this.toString()}`,
    );
    return this;
  }

  /** Whether it ended by continuing as new. */
  get continued(): boolean {
    return this.#events.some((event) => event.workflowExecutionContinuedAsNewEventAttributes);
  }

  toString(): string {
    const began = timeOf(this.#events[0]);
    return this.#events
      .map((event) => `${String(event.eventId)} ${(timeOf(event) - began).toFixed(3)} s ${nameOf(event)}`)
      .join('\n');
  }

  #scheduled(activity: string): readonly (readonly ApplyItem[])[] {
    return this.#events.flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => {
      if (scheduled?.activityType?.name !== activity) return [];
      const [, items] = (scheduled.input?.payloads ?? []).map((payload) =>
        defaultPayloadConverter.fromPayload<readonly ApplyItem[]>(payload),
      );
      return items ? [items] : [];
    });
  }

  #ids<
    Attributes extends
      'timerStartedEventAttributes' | 'timerFiredEventAttributes' | 'timerCanceledEventAttributes',
  >(attributes: Attributes, id: 'timerId'): readonly string[] {
    return this.#events.flatMap((event) => event[attributes]?.[id] ?? []);
  }
}

export function assertThat(history: History): HistoryAssertion {
  return new HistoryAssertion(history);
}

/** In seconds. */
function timeOf(event: Event | undefined): number {
  const { seconds = 0, nanos = 0 } = event?.eventTime ?? {};
  return Number(seconds) + (nanos ?? 0) / 1e9;
}

/** `ActivityTaskScheduled applyWorkloads`, `MarkerRecorded`. */
function nameOf(event: Event): string {
  const attributes = Object.keys(event).find((key) => key.endsWith('EventAttributes')) ?? '?';
  const name = attributes.slice(0, -'EventAttributes'.length);
  const activity = event.activityTaskScheduledEventAttributes?.activityType?.name;
  const signal = event.workflowExecutionSignaledEventAttributes?.signalName;
  return [name, activity ?? signal].filter(Boolean).join(' ');
}
