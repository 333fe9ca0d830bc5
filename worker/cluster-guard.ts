/**
 * Keeps two clusters out of one task queue. The id of a workflow names a resource and not its cluster, so programs of two clusters would
 * reconcile one resource against each other. A marker says which cluster has a task queue: a workflow that never begins, which costs
 * nothing, and which nothing lists as a resource's.
 */
import type { Client } from '@temporalio/client';
import {
  isGrpcServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { Log } from '../core/log.ts';
import type { Cluster } from './cluster.ts';
import { titleOfCluster } from './cluster.ts';
import { SetupError } from './setup-error.ts';

export interface ClusterGuardOptions {
  readonly client: Client;
  readonly taskQueue: string;
  /** Of this program; undefined where it is unknown, and nothing is compared. */
  readonly cluster: Cluster | undefined;
  readonly log: Log;
}

/** A call that got no answer for this long is made again. */
const DEADLINE_MS = 5_000;
/** Longer than any cluster lives. */
const NEVER = '36500 days';
const MEMO = { uid: 'ClusterUid', server: 'ClusterServer' } as const;
/** `INVALID_ARGUMENT`, `PERMISSION_DENIED`, `UNIMPLEMENTED` and `UNAUTHENTICATED` of gRPC: a right or a feature is missing. */
const REFUSED: ReadonlySet<number> = new Set([3, 7, 12, 16]);

export class ClusterGuard {
  readonly #options: ClusterGuardOptions;
  #isRefused = false;

  constructor(options: ClusterGuardOptions) {
    this.#options = options;
  }

  /** The id of the marker; no resource has one without a group and a name. */
  static markerOf(taskQueue: string): string {
    return `cluster-of-task-queue:${taskQueue}`;
  }

  /**
   * Resolves when Temporal has answered. Marks a task queue that no cluster has, also where Temporal lost its memory.
   *
   * @throws SetupError when another cluster has the task queue.
   */
  async check(): Promise<void> {
    const { client, cluster } = this.#options;
    const owner = await client
      .withDeadline(Date.now() + DEADLINE_MS, () => this.#owner())
      .catch((error: unknown) => this.#unguarded(error));
    if (owner && cluster && owner.uid !== cluster.uid) throw this.#refusal(owner, cluster);
  }

  async #owner(): Promise<Cluster | undefined> {
    const marked = await this.#marked();
    if (marked || !this.#options.cluster) return marked;
    try {
      await this.#mark(this.#options.cluster);
      return this.#options.cluster;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      return this.#marked();
    }
  }

  /** Undefined also where somebody ended the marker. */
  async #marked(): Promise<Cluster | undefined> {
    const { client, taskQueue } = this.#options;
    try {
      const { memo, status } = await client.workflow.getHandle(ClusterGuard.markerOf(taskQueue)).describe();
      const [uid, server] = [memo?.[MEMO.uid], memo?.[MEMO.server]];
      if (status.name !== 'RUNNING' || typeof uid !== 'string') return undefined;
      return { uid, server: typeof server === 'string' ? server : '' };
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  }

  async #mark({ uid, server }: Cluster): Promise<void> {
    const { client, taskQueue } = this.#options;
    await client.workflow.start('clusterMarker', {
      workflowId: ClusterGuard.markerOf(taskQueue),
      // No worker polls this queue: what begins the marker all the same, a signal by hand, changes nothing.
      taskQueue: ClusterGuard.markerOf(taskQueue),
      startDelay: NEVER,
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      memo: { [MEMO.uid]: uid, [MEMO.server]: server },
      staticSummary: `Marks task queue ${taskQueue} as that of ${titleOfCluster({ uid, server })}`,
    });
  }

  /** A program that may not look at the marker works without it. */
  #unguarded(error: unknown): undefined {
    const cause = error instanceof Error && !isGrpcServiceError(error) ? error.cause : error;
    if (!isGrpcServiceError(cause) || !REFUSED.has(cause.code)) throw error;
    if (!this.#isRefused)
      this.#options.log.warn(
        { taskQueue: this.#options.taskQueue, error: String(cause) },
        'Temporal refuses the marker of the cluster; another cluster in this task queue would not be noticed',
      );
    this.#isRefused = true;
    return undefined;
  }

  #refusal(owner: Cluster, cluster: Cluster): SetupError {
    const { client, taskQueue } = this.#options;
    const { namespace } = client.options;
    return new SetupError(
      [
        `task queue "${taskQueue}" of Temporal namespace "${namespace}" belongs to ${titleOfCluster(owner)}`,
        `, and this program works on ${titleOfCluster(cluster)}; use another Temporal namespace (--temporal-namespace) for one of them`,
        `, or, if that cluster is gone: temporal workflow terminate --namespace ${namespace}`,
        ` --workflow-id ${ClusterGuard.markerOf(taskQueue)}`,
      ].join(''),
    );
  }
}
