/**
 * The program is killed at every step of an upgrade: upgrade after upgrade, each time one step later, until one comes to its end
 * before its turn. A step is what Temporal writes down of an activity: that it is to be done, and that it was done.
 */
import { Client, Connection } from '@temporalio/client';
import { workflowIdOf } from '../../core/refs.ts';
import type { FaultWorld } from './fault-world.ts';
import type { Owners } from './owners.ts';
import { settle } from './verdict.ts';

const PATIENCE_MS = 180_000;

export class StepKiller {
  #isThrough = false;

  /** Whether a further step may be there. */
  goesOn(): boolean {
    return !this.#isThrough;
  }

  /** Upgrades a resource, and kills all of the program at a step. Answers at which; nothing when there is no such step. */
  async play(world: FaultWorld, owners: Owners, round: number): Promise<readonly string[]> {
    const name = owners.first;
    const connection = await Connection.connect({ address: world.temporalAddress });
    const over = new AbortController();
    try {
      const steps = await Steps.from(connection, { namespace: world.namespace, name });
      await owners.upgrade(name);
      const reached = connection.withAbortSignal(over.signal, () => steps.reach(round + 1));
      const step = await Promise.race([reached, settle(world, PATIENCE_MS).then(() => undefined)]);
      this.#isThrough = step === undefined;
      if (step === undefined) return [];
      await Promise.all(
        Array.from({ length: world.programs.count }, (_, index) => world.programs.kill(index)),
      );
      return [`kill all at step ${round + 1}, ${step}`];
    } finally {
      over.abort();
      await connection.close();
    }
  }
}

class Steps {
  readonly #connection: Connection;
  readonly #execution: { readonly workflowId: string; readonly runId: string };
  readonly #known: number;

  private constructor(
    connection: Connection,
    execution: { workflowId: string; runId: string },
    known: number,
  ) {
    this.#connection = connection;
    this.#execution = execution;
    this.#known = known;
  }

  /** Those from now on. */
  static async from(
    connection: Connection,
    { namespace, name }: { readonly namespace: string; readonly name: string },
  ): Promise<Steps> {
    const workflowId = workflowIdOf({ group: 'toy.dev', plural: 'toys', namespace, name });
    const handle = new Client({ connection }).workflow.getHandle(workflowId);
    const { runId, historyLength } = await handle.describe();
    return new Steps(connection, { workflowId, runId }, historyLength);
  }

  /** Resolves as soon as so many steps were written down, with the last one in words. */
  async reach(count: number): Promise<string> {
    const activities = new Map<string, string>();
    let nextPageToken: Uint8Array | undefined;
    for (;;) {
      const answer = await this.#connection.workflowService.getWorkflowExecutionHistory({
        namespace: 'default',
        execution: this.#execution,
        waitNewEvent: true,
        ...(nextPageToken ? { nextPageToken } : {}),
      });
      for (const event of answer.history?.events ?? []) {
        const { activityTaskScheduledEventAttributes: begun, activityTaskCompletedEventAttributes: done } =
          event;
        if (begun) activities.set(String(event.eventId), begun.activityType?.name ?? '');
        if ((!begun && !done) || Number(event.eventId) <= this.#known) continue;
        if (--count === 0)
          return done
            ? `${activities.get(String(done.scheduledEventId))} done`
            : `${begun?.activityType?.name} to be done`;
      }
      nextPageToken = answer.nextPageToken ?? undefined;
    }
  }
}
