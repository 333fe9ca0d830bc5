/**
 * The time by which a workflow decides: the start of the workflow task that brought the last news from outside.
 *
 * `Date.now()` is no such time. After a local activity it is when that ended; but when the task had to be prolonged meanwhile it
 * is the start of the next one, and history does not tell which of the two the workflow saw: a replay that sees the other may
 * decide otherwise, and then the workflow stands still for good. See docs/decisions/0014-time-comes-from-outside.md.
 */
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';

/** What the SDK makes of what is known already, or of questions: no time passes by it. */
const TIMELESS: ReadonlySet<string> = new Set([
  'queryWorkflow',
  'notifyHasPatch',
  'updateRandomSeed',
  'removeFromCache',
]);

/** Modules are shared by all workflows of a worker, globals are not. */
const CLOCK = Symbol.for('durable-operator.clock');
const place = globalThis as { [CLOCK]?: { at: number } };

/** In epoch milliseconds. */
export function currentTime(): number {
  return place[CLOCK]?.at ?? Date.now();
}

/** Sets the clock; part of the bundle. */
export const interceptors: WorkflowInterceptorsFactory = () => {
  const clock = { at: 0 };
  place[CLOCK] = clock;
  return {
    internals: [
      {
        activate(input, next): void {
          const isNews = input.activation.jobs?.some(
            ({ variant = '', resolveActivity }) =>
              !TIMELESS.has(variant) && resolveActivity?.isLocal !== true,
          );
          if (isNews) clock.at = Date.now();
          next(input);
        },
      },
    ],
  };
};
