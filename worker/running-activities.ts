import type { ActivityInterceptorsFactory } from '@temporalio/worker';

/** Which activities a worker runs, for the log line that says what a stop cut off. */
export class RunningActivities {
  readonly #running = new Set<{ readonly activity: string; readonly workflowId: string | undefined }>();

  readonly interceptor: ActivityInterceptorsFactory = ({ info }) => ({
    inbound: {
      execute: async (input, next): Promise<unknown> => {
        const entry = { activity: info.activityType, workflowId: info.workflowExecution?.workflowId };
        this.#running.add(entry);
        try {
          return await next(input);
        } finally {
          this.#running.delete(entry);
        }
      },
    },
  });

  /** The first ones; a log line is bounded. */
  list(): readonly object[] {
    return [...this.#running].slice(0, 20);
  }
}
