/** The real workflow on a real Temporal, its activities those of fake clusters: one for each resource. */
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { Client, WorkflowNotFoundError } from '@temporalio/client';
import { defaultPayloadConverter, toPayloads } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { Activities } from '../../activities/index.ts';
import type { ResourceRef } from '../../core/refs.ts';
import { workflowIdOf } from '../../core/refs.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { assertConditionLaws } from '../../testing/condition-laws.ts';
import { eventually } from '../../testing/eventually.ts';
import { installRuntime } from '../../worker/connect.ts';
import { createLogger } from '../../worker/logger.ts';
import { stampResults } from '../../worker/stamp-results.ts';
import { workflowBundle } from '../../worker/workflow-bundle.ts';
import type { Hint } from '../../core/hint.ts';
import type { ReconcileInput } from '../../workflows/messages.ts';
import {
  objectsChanged,
  resourceChanged,
  rolloutStatus,
  SEARCH_ATTRIBUTES,
} from '../../workflows/messages.ts';
import type { FakeOptions } from './fake-object.ts';
import { FakeCluster } from './fake-cluster.ts';
import { freshTaskQueue, sharedSandbox } from './sandbox.ts';
import type { ToySpec } from './toy-operator.ts';
import type { HistoryAssertion } from './history.ts';
import { assertThat } from './history.ts';

export interface ActorOptions extends FakeOptions {
  /** Whether the workflow is started with them. @defaultValue `true` */
  readonly searchAttributes?: boolean;
  /** The server jumps over the workflow's timers. */
  readonly skipsTime?: boolean;
  /** How long a task may take before the worker must prolong it; the SDK does after four fifths. Temporal's own by default. */
  readonly taskTimeoutMs?: number;
}

/** A task queue and a worker, for tests of one kind. */
export class WorkflowLab implements AsyncDisposable {
  readonly #taskQueue: string;
  readonly #connection: NativeConnection;
  readonly #worker: Worker;
  readonly #running: Promise<void>;
  readonly #actors: Map<string, Actor>;
  readonly client: Client;

  private constructor(
    taskQueue: string,
    connection: NativeConnection,
    worker: Worker,
    actors: Map<string, Actor>,
  ) {
    this.#taskQueue = taskQueue;
    this.#connection = connection;
    this.#worker = worker;
    this.#actors = actors;
    this.client = new Client({ connection });
    this.#running = worker.run();
  }

  /** @param sandbox the run's own by default. */
  static async open(sandbox?: Pick<Sandbox, 'temporal'>): Promise<WorkflowLab> {
    installRuntime(createLogger('error'));
    const { temporal } = sandbox ?? (await sharedSandbox());
    const taskQueue = freshTaskQueue('lab');
    const connection = await NativeConnection.connect({ address: temporal.address });
    const actors = new Map<string, Actor>();
    const worker = await Worker.create({
      connection,
      taskQueue,
      workflowBundle: await workflowBundle(),
      activities: dispatched(actors),
      interceptors: { activity: [stampResults] },
      maxHeartbeatThrottleInterval: '1s',
      // One that does not end fails its tests, and does not hold them up for ever.
      shutdownForceTime: '20s',
    });
    return new WorkflowLab(taskQueue, connection, worker, actors);
  }

  /** A resource by a name of its own, and its workflow, which begins with the first thing it is told. */
  actor(options: ActorOptions = {}): Actor {
    const place = { client: this.client, taskQueue: this.#taskQueue };
    const actor = new Actor(place, `t${this.#actors.size + 1}`, options);
    this.#actors.set(actor.ref.name, actor);
    return actor;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Array.from(this.#actors.values(), (actor) => actor.endSkipping()));
    this.#worker.shutdown();
    await this.#running;
    await this.#connection.close();
  }
}

/** Where the workflows of actors run. */
interface Place {
  readonly client: Client;
  /** Its name is that of the actors' namespace, too, so that their workflows have ids of their own. */
  readonly taskQueue: string;
}

export class Actor extends FakeCluster {
  readonly workflowId: string;
  readonly #client: Client;
  readonly #taskQueue: string;
  readonly #skipsTime: boolean;
  readonly #searchAttributes: boolean;
  readonly #taskTimeoutMs: number | undefined;
  #started: Promise<unknown> | undefined;

  constructor(
    { client, taskQueue }: Place,
    name: string,
    { skipsTime = false, searchAttributes = true, taskTimeoutMs, ...options }: ActorOptions,
  ) {
    super(name, { ...options, namespace: taskQueue });
    this.#client = client;
    this.#taskQueue = taskQueue;
    this.#skipsTime = skipsTime;
    this.#searchAttributes = searchAttributes;
    this.#taskTimeoutMs = taskTimeoutMs;
    this.workflowId = workflowIdOf(this.ref);
    this.tell = (hint) => this.signal(hint);
  }

  get handle(): WorkflowHandle {
    return this.#client.workflow.getHandle(this.workflowId);
  }

  /** Ends a workflow whose time is skipped: year after year may pass in no time, and a worker that ends never be done with it. */
  async endSkipping(): Promise<void> {
    if (!this.#started) return;
    await this.handle.terminate('its tests are over').catch((error: unknown) => {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    });
  }

  async signal(hint: Hint): Promise<void> {
    const signal = hint.resource ? resourceChanged : objectsChanged;
    const input: ReconcileInput = { resource: this.ref, searchAttributes: this.#searchAttributes };
    if (this.#skipsTime) {
      await (this.#started ??= this.#startSkipping(input));
      return this.handle.signal(signal, hint);
    }
    await this.#client.workflow.signalWithStart('reconcile', {
      workflowId: this.workflowId,
      taskQueue: this.#taskQueue,
      args: [input],
      signal,
      signalArgs: [hint],
      ...(this.#taskTimeoutMs === undefined ? {} : { workflowTaskTimeout: this.#taskTimeoutMs }),
    });
  }

  #startSkipping(input: ReconcileInput): Promise<unknown> {
    return this.#client.workflowService.startWorkflowExecution({
      namespace: 'default',
      workflowId: this.workflowId,
      workflowType: { name: 'reconcile' },
      taskQueue: { name: this.#taskQueue },
      input: { payloads: toPayloads(defaultPayloadConverter, input) ?? [] },
      requestId: randomUUID(),
      timeSkippingConfig: { enabled: true },
    });
  }

  /** Waits for a status that says so; every status on the way obeys the laws of conditions. */
  async until(what: string, holds: () => boolean): Promise<void> {
    await this.#eventually(what, holds);
    const { name } = this.ref;
    for (const status of this.statuses)
      assertConditionLaws({ kind: 'Toy', metadata: { name, generation: status.observedGeneration }, status });
  }

  async ready(): Promise<void> {
    await this.until(`${this.ref.name} is Ready`, () => this.isReady());
    await this.rests();
  }

  isReady(): boolean {
    const { status, observedGeneration } = this.condition('Ready') ?? {};
    return status === 'True' && observedGeneration === this.resource?.generation;
  }

  async stalled(reason: string): Promise<void> {
    await this.until(`${this.ref.name} is Stalled with ${reason}`, () => {
      const stalled = this.condition('Stalled');
      return stalled?.reason === reason && stalled.observedGeneration === this.resource?.generation;
    });
    await this.rests();
  }

  /** Waits until the workflow has nothing to do: no task is scheduled, no activity runs. */
  async rests(): Promise<void> {
    await this.#eventually(`${this.ref.name} rests`, async () => {
      const { raw } = await this.handle.describe();
      return !raw.pendingWorkflowTask && (raw.pendingActivities ?? []).length === 0;
    });
  }

  /** What does not happen is told with all that did. */
  async #eventually(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
    try {
      await eventually(what, holds);
    } catch (error) {
      const conditions = JSON.stringify(this.status?.conditions);
      const history = String(await this.history());
      throw new Error(`${what}; the conditions are ${conditions}, and the history\n${history}`, {
        cause: error,
      });
    }
  }

  async history(): Promise<HistoryAssertion> {
    return assertThat(await this.handle.fetchHistory());
  }

  /** Ready with the spec; from then on workloads become Current when the test says so. */
  async installed(spec: ToySpec): Promise<void> {
    await this.want(spec);
    await this.ready();
    this.heals = 'when the test says';
  }

  /** The nodes whose workloads were applied, in order. */
  rolled(): readonly string[] {
    return this.calls.flatMap((call) => {
      const [name, ...keys] = call.split(' ');
      return name === 'applyWorkloads' ? keys.map((key) => key.split(`/${this.ref.name}-`)[1] ?? '') : [];
    });
  }

  /** Those of this project, by name. */
  async searchAttributes(): Promise<Readonly<Record<string, unknown>>> {
    const { typedSearchAttributes } = await this.handle.describe();
    const ours: readonly string[] = Object.values(SEARCH_ATTRIBUTES);
    const all = typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value] as const);
    return Object.fromEntries(all.filter(([name]) => ours.includes(name)));
  }

  /** What the workflow itself answers. */
  summary(): Promise<string> {
    return this.handle.query(rolloutStatus).then(({ summary }) => summary);
  }

  /** The page in Temporal UI. */
  page(): Promise<string> {
    return this.handle.query(rolloutStatus).then(({ details }) => details);
  }
}

/** One worker for all actors: an activity is that of the resource it is about. */
function dispatched(actors: ReadonlyMap<string, Actor>): Activities {
  const of = ({ name }: ResourceRef): Activities => {
    const actor = actors.get(name);
    if (!actor) throw new Error(`there is no actor ${name}`);
    return actor.activities();
  };
  return {
    planResource: (request) => of(request.resource).planResource(request),
    observeObjects: (resource, sought, uid) => of(resource).observeObjects(resource, sought, uid),
    applyConfigMaps: (plan, items) => of(plan.resource).applyConfigMaps(plan, items),
    applyStorage: (plan, items) => of(plan.resource).applyStorage(plan, items),
    applyServices: (plan, items) => of(plan.resource).applyServices(plan, items),
    applyNetworkPolicies: (plan, items) => of(plan.resource).applyNetworkPolicies(plan, items),
    applyObjects: (plan, items) => of(plan.resource).applyObjects(plan, items),
    applyWorkloads: (plan, items) => of(plan.resource).applyWorkloads(plan, items),
    claimExternals: (plan, items) => of(plan.resource).claimExternals(plan, items),
    applyExternals: (plan, items) => of(plan.resource).applyExternals(plan, items),
    observeExternals: (resource, keys) => of(resource).observeExternals(resource, keys),
    removeExternals: (resource, items) => of(resource).removeExternals(resource, items),
    observeShape: (plan, key) => of(plan.resource).observeShape(plan, key),
    growClaims: (plan, key, claims) => of(plan.resource).growClaims(plan, key, claims),
    releasePods: (plan, key, uid) => of(plan.resource).releasePods(plan, key, uid),
    clearPods: (plan, key, pods) => of(plan.resource).clearPods(plan, key, pods),
    recreateStatefulSet: (plan, key) => of(plan.resource).recreateStatefulSet(plan, key),
    settleStatefulSet: (plan, key, isHeld) => of(plan.resource).settleStatefulSet(plan, key, isHeld),
    restoreStatefulSets: (resource, keys, uid) => of(resource).restoreStatefulSets(resource, keys, uid),
    restartPod: (resource, key, pod) => of(resource).restartPod(resource, key, pod),
    unblockWorkload: (resource, key, uid) => of(resource).unblockWorkload(resource, key, uid),
    pruneObjects: (resource, items, uid) => of(resource).pruneObjects(resource, items, uid),
    checkGate: (plan, key) => of(plan.resource).checkGate(plan, key),
    runHook: (plan, key, request) => of(plan.resource).runHook(plan, key, request),
    runRoutine: (request) => of(request.resource).runRoutine(request),
    cleanUp: (resource) => of(resource).cleanUp(resource),
    patchStatus: (report) => of(report.resource).patchStatus(report),
    removeFinalizer: (resource, uid) => of(resource).removeFinalizer(resource, uid),
    revertObjects: (plan, items) => of(plan.resource).revertObjects(plan, items),
    abandonResource: (resource, uid, left, order) => of(resource).abandonResource(resource, uid, left, order),
    annotateResource: (resource, uid, edit, now) => of(resource).annotateResource(resource, uid, edit, now),
  };
}
