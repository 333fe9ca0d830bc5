/**
 * Workflows of watched resources in the task queue of another division of the operator: whoever changes `--allow-namespace` leaves
 * them in a queue that no worker polls. They are ended, and begin again in the queue of this program; what they knew is read back
 * from the cluster. While a worker polls that queue, another program works on them, and they are left to it.
 */
import type { Client } from '@temporalio/client';
import type { Log } from '../core/log.ts';
import { isDivisionOf } from './division.ts';

export interface RelocationOptions {
  readonly client: Pick<Client, 'workflow' | 'workflowService' | 'options'>;
  readonly operator: { readonly name: string };
  /** Of this program. @defaultValue the name of the operator */
  readonly taskQueue?: string;
  isWatched(workflowId: string): boolean;
  /** A workflow was ended that ran elsewhere. */
  onEnded(workflowId: string): void;
  readonly log: Log;
  /** A clock that never goes back, in milliseconds. */
  readonly now?: () => number;
}

/** A worker that has nothing to do asks again once a minute. */
const QUIET_MS = 75_000;
/** `TASK_QUEUE_TYPE_WORKFLOW` of Temporal's API. */
const WORKFLOW_QUEUE = 1;

interface Run {
  readonly workflowId: string;
  readonly runId: string;
}

export class Relocation {
  readonly #options: RelocationOptions;
  /** When a worker last asked, by the server's clock, and since when that has not changed, by ours: clocks may differ. */
  readonly #lastPolls = new Map<string, { readonly poll: string; readonly since: number }>();
  readonly #reported = new Set<string>();

  constructor(options: RelocationOptions) {
    this.#options = options;
  }

  get #taskQueue(): string {
    return this.#options.taskQueue ?? this.#options.operator.name;
  }

  /** Ends those in queues that are abandoned; answers with the ids of those that still run elsewhere. */
  async settle(): Promise<ReadonlySet<string>> {
    const elsewhere = new Set<string>();
    for (const [queue, runs] of await this.#runsByQueue()) {
      if (await this.#isAbandoned(queue)) await this.#end(queue, runs);
      else {
        for (const { workflowId } of runs) elsewhere.add(workflowId);
        this.#report(queue, runs);
      }
    }
    return elsewhere;
  }

  async #runsByQueue(): Promise<ReadonlyMap<string, readonly Run[]>> {
    const { client, operator, isWatched } = this.#options;
    const taskQueue = this.#taskQueue;
    const query = `WorkflowType="reconcile" AND ExecutionStatus="Running" AND TaskQueue STARTS_WITH "${operator.name}" AND TaskQueue!="${taskQueue}"`;
    const found = new Map<string, Run[]>();
    for await (const { workflowId, runId, taskQueue: queue } of client.workflow.list({ query })) {
      if (!isDivisionOf(operator.name, queue) || !isWatched(workflowId)) continue;
      const runs = found.get(queue) ?? [];
      found.set(queue, runs);
      runs.push({ workflowId, runId });
    }
    return found;
  }

  async #isAbandoned(queue: string): Promise<boolean> {
    const { client, now = () => performance.now() } = this.#options;
    const { pollers } = await client.workflowService.describeTaskQueue({
      namespace: client.options.namespace,
      taskQueue: { name: queue },
      taskQueueType: WORKFLOW_QUEUE,
    });
    if (!pollers?.length) return true;
    const polls = pollers.map(({ lastAccessTime }) =>
      [lastAccessTime?.seconds, lastAccessTime?.nanos].map(String).join('.'),
    );
    const poll = polls.sort().join();
    const last = this.#lastPolls.get(queue);
    if (last?.poll === poll) return now() - last.since >= QUIET_MS;
    this.#lastPolls.set(queue, { poll, since: now() });
    return false;
  }

  async #end(queue: string, runs: readonly Run[]): Promise<void> {
    const { client, onEnded, log } = this.#options;
    const taskQueue = this.#taskQueue;
    log.info(
      { taskQueue, formerTaskQueue: queue, workflows: runs.length },
      'workflows move to this task queue; no worker polls the former one',
    );
    this.#reported.delete(queue);
    for (const { workflowId, runId } of runs) {
      const reason = `moves from task queue ${queue} to ${taskQueue}`;
      await client.workflow.getHandle(workflowId, runId).terminate(reason);
      onEnded(workflowId);
    }
  }

  #report(queue: string, runs: readonly Run[]): void {
    if (this.#reported.has(queue)) return;
    this.#reported.add(queue);
    this.#options.log.warn(
      { taskQueue: queue, workflows: runs.length, workflowId: runs[0]?.workflowId },
      'another program reconciles resources that this one watches, too; stop it, or divide their namespaces',
    );
  }
}
