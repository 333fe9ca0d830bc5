/**
 * What a workflow may know of the time, and of the length of its history: only what that history tells however it is replayed.
 *
 * `Date.now()` and `workflowInfo()` tell another thing after a replay: where a task was prolonged, since a local activity took
 * long, the SDK replays the whole chain as one task. A workflow that decides by them may decide otherwise then, and stands
 * still for good. See docs/decisions/0014-time-comes-with-results.md.
 */
import { defaultPayloadConverter } from '@temporalio/common';
import type { Headers, WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { isStamped, SENT_AT } from '../core/stamped.ts';

interface Clock {
  /** When the last result was there; undefined before the first. */
  at?: number;
  /** What history has got so far, in events. */
  length: number;
}

/** Modules are shared by all workflows of a worker, globals are not. */
const CLOCK = Symbol.for('durable-operator.clock');
const place = globalThis as { [CLOCK]?: Clock };

/** Each with the workflow task that it leads to. */
const EVENTS = { signal: 4, update: 6, timer: 5, activity: 6, localActivity: 2 } as const;
/** Temporal suggests to end a history of 4 MB as one of 4,096 events; ours ends at an eighth of those. */
const BYTES_LIKE_AN_EVENT = 8_000;

/** When the last result was there, or the last timer rang: epoch milliseconds. */
export function currentTime(): number {
  return place[CLOCK]?.at ?? Date.now();
}

/** When a command arrived, for people to read. */
export function arrivalTime(): number {
  return Math.max(currentTime(), Date.now());
}

/** It is `at` now, or later: a timer rang that was set for then. */
export function passTo(at: number): void {
  const clock = place[CLOCK];
  if (clock) clock.at = Math.max(currentTime(), at);
}

/** About how long the history of this run is, in events. */
export function historyLength(): number {
  return place[CLOCK]?.length ?? 0;
}

/** Keeps the clock; part of the bundle, and of no use without a worker that stamps results. */
export const interceptors: WorkflowInterceptorsFactory = () => {
  const clock: Clock = { length: 0 };
  place[CLOCK] = clock;
  const grow = (events: number): void => void (clock.length += events);
  const opened = async (answer: Promise<unknown>): Promise<unknown> => {
    const value = await answer;
    grow(weightOf(value));
    if (!isStamped(value)) return value;
    passTo(value.endedAt);
    return value.result;
  };
  return {
    inbound: [
      {
        handleSignal(input, next): Promise<void> {
          grow(EVENTS.signal);
          return next(input);
        },
        handleUpdate(input, next): Promise<unknown> {
          grow(EVENTS.update);
          return next(input);
        },
      },
    ],
    outbound: [
      {
        startTimer(input, next): Promise<void> {
          grow(EVENTS.timer);
          return next(input);
        },
        async scheduleActivity(input, next): Promise<unknown> {
          grow(EVENTS.activity + weightOf(input.args));
          return opened(next({ ...input, headers: withTime(input.headers) }));
        },
        async scheduleLocalActivity(input, next): Promise<unknown> {
          grow(EVENTS.localActivity);
          return opened(next({ ...input, headers: withTime(input.headers) }));
        },
      },
    ],
  };
};

/** What a replay puts there instead is read by nobody: the activity has answered. */
function withTime(headers: Headers): Headers {
  return { ...headers, [SENT_AT]: defaultPayloadConverter.toPayload(Date.now()) };
}

function weightOf(value: unknown): number {
  return value === undefined ? 0 : JSON.stringify(value).length / BYTES_LIKE_AN_EVENT;
}
