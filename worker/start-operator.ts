import { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import {
  createActivities,
  createDigestKey,
  createEventRecorder,
  createRenderer,
  servedScopes,
  RefusedReads,
  Revisions,
} from '../activities/index.ts';
import type { Operator } from '../api/operator.ts';
import type { Bridge } from '../bridge/bridge.ts';
import { createBridge } from '../bridge/bridge.ts';
import { divisionOf } from '../bridge/division.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { LeaseTimings } from '../kubernetes/leader-election.ts';
import { LeaderElection } from '../kubernetes/leader-election.ts';
import type { Cluster } from './cluster.ts';
import { ClusterGuard } from './cluster-guard.ts';
import type { Config } from './config.ts';
import { MAX_CACHED_WORKFLOWS } from './config.ts';
import type { PartHealth } from './health-server.ts';
import { boundFailures } from './bound-failures.ts';
import type { Logger } from './logger.ts';
import type { Metered, Worked } from './metrics.ts';
import { RunningActivities } from './running-activities.ts';
import type { Shutdown } from './shutdown.ts';
import { shareOf } from './shutdown.ts';
import { stampResults } from './stamp-results.ts';
import { TemporalProbe } from './temporal-probe.ts';

/** What the operators of one process share. */
export interface Surroundings {
  readonly config: Config;
  readonly api: KubernetesClient;
  readonly connection: NativeConnection;
  readonly bundle: { readonly code: string };
  readonly searchAttributes: boolean;
  /** Which cluster `api` is of; undefined where that is unknown. */
  readonly cluster: Cluster | undefined;
  /** Where the key of digests lies. */
  readonly home: string;
  /** Absent: this process is the only one whose bridge tells what it sees. */
  readonly election: { readonly namespace: string; readonly timings: LeaseTimings } | undefined;
  readonly log: Logger;
  /** Ends a start that is under way. */
  readonly signal: AbortSignal;
}

/** One operator at work. */
export interface RunningOperator {
  readonly operator: Operator;
  /** Resolves when its watches have been told of all that is there, or it was stopped. */
  readonly synced: Promise<void>;
  /** Rejects when its worker fails, or another cluster has its task queue; resolves when it was stopped. */
  readonly ended: Promise<void>;
  health(): readonly PartHealth[];
  /** Empty where no bridge runs. */
  metered(): readonly Metered[];
  /** Empty where no worker runs. */
  worked(): readonly Worked[];
  /** Lets activities finish, stops watching, writes what was recorded; each for its share of the shutdown. */
  stop(shutdown: Shutdown): Promise<void>;
}

/**
 * Starts the bridge and the worker of one operator; the worker first, so that nothing waits for it.
 *
 * @throws SetupError when another cluster has its task queue.
 */
export async function startOperator(
  operator: Operator,
  surroundings: Surroundings,
): Promise<RunningOperator> {
  const { config, log } = surroundings;
  const probe = probeOf(operator, surroundings);
  await probe.answered(surroundings.signal);
  const stopping = new AbortController();
  const bridge = config.role === 'worker' ? undefined : bridgeOf(operator, surroundings);
  const worker = config.role === 'bridge' ? undefined : await workerOf(operator, bridge, surroundings);
  const running = worker?.worker.run();
  const election = bridge ? electionOf(operator, bridge, surroundings) : undefined;
  const ended = Promise.race([running ?? NEVER, probe.run(stopping.signal).then(() => running ?? NEVER)]);
  // Whoever starts operators hears of it when all of them are started.
  ended.catch(() => undefined);
  return {
    operator,
    synced: (bridge?.start() ?? Promise.resolve()).then(() => {
      if (!stopping.signal.aborted)
        log.info({ operator: operator.name, role: config.role }, 'operator started');
    }),
    ended,
    health: () => [
      ...(bridge ? [bridgeHealth(operator, bridge, election)] : []),
      ...(worker ? [workerHealth(operator, worker.worker)] : []),
      probe.health(),
    ],
    metered: () =>
      bridge ? [{ operator: operator.name, bridge: bridge.status(), standing: bridge.standing() }] : [],
    worked: () => (worker ? [worker.worked()] : []),
    async stop(shutdown) {
      stopping.abort();
      await Promise.all([
        // At once another replica can take over; its bridge and this worker do not disturb each other.
        shutdown.await('lease', election?.stop()),
        worker && shutdown.await('worker', endOf(worker.worker, running), worker.unfinished),
      ]);
      await shutdown.await('bridge', bridge?.stop(), () => ({ signals: bridge?.status().signals }));
      await shutdown.await('events', worker?.flush());
      log.info({ operator: operator.name, clean: shutdown.isClean }, 'operator stopped');
    },
  };
}

const NEVER = new Promise<never>(() => undefined);

function probeOf({ name }: Operator, surroundings: Surroundings): TemporalProbe {
  const { config, cluster, log } = surroundings;
  const taskQueue = divisionOf(name, config.namespaces);
  const guard = new ClusterGuard({ client: clientOf(surroundings), taskQueue, cluster, log });
  return new TemporalProbe({ name: `Temporal ${name}`, check: () => guard.check(), log });
}

function clientOf({ config, connection }: Surroundings): Client {
  const { namespace } = config.temporal;
  return new Client({ connection, ...(namespace ? { namespace } : {}) });
}

/** How it ended is told by the promise of its run; here it only has to have ended. */
async function endOf(worker: Worker, running: Promise<void> | undefined): Promise<void> {
  if (worker.getState() === 'RUNNING') worker.shutdown();
  await running?.catch(() => undefined);
}

function bridgeOf(operator: Operator, surroundings: Surroundings): Bridge {
  const { config, api, searchAttributes, log } = surroundings;
  const client = clientOf(surroundings);
  const { namespaces, resyncPeriodMs } = config;
  const resync = resyncPeriodMs === undefined ? {} : { resyncPeriodMs };
  const taskQueue = divisionOf(operator.name, namespaces);
  return createBridge({ operator, taskQueue, api, client, namespaces, ...resync, searchAttributes, log });
}

/** Without an election the bridge leads at once. */
function electionOf(
  { name }: Operator,
  bridge: Bridge,
  { api, config, election, log }: Surroundings,
): LeaderElection | undefined {
  if (!election) {
    bridge.lead();
    return undefined;
  }
  const elected = new LeaderElection({
    api,
    ...election,
    name: divisionOf(name, config.namespaces),
    identity: config.identity,
    log,
    onLead: () => bridge.lead(),
    onFollow: () => bridge.follow(),
  });
  elected.start();
  return elected;
}

async function workerOf(
  operator: Operator,
  bridge: Bridge | undefined,
  { config, api, connection, bundle, home, log }: Surroundings,
): Promise<{ worker: Worker; worked(): Worked; flush(): Promise<void>; unfinished(): object }> {
  const events = createEventRecorder({ api, controller: operator.name, instance: config.identity, log });
  const refusedReads = new RefusedReads();
  const digestKey = createDigestKey({ api, operator: operator.name, namespace: home });
  const activities = createActivities({
    operator,
    api,
    ...(bridge ? { resources: bridge.resources, objects: bridge.objects, scalers: bridge.scalers } : {}),
    renderer: createRenderer(operator, digestKey, servedScopes(api)),
    revisions: new Revisions(api, operator.name),
    digestKey,
    events,
    refusedReads,
    log,
  });
  const activitiesRunning = new RunningActivities();
  const worker = await Worker.create({
    connection,
    ...(config.temporal.namespace ? { namespace: config.temporal.namespace } : {}),
    taskQueue: divisionOf(operator.name, config.namespaces),
    identity: config.identity,
    workflowBundle: bundle,
    activities,
    interceptors: { activity: [activitiesRunning.interceptor, stampResults, boundFailures] },
    // Activities send no more of them than they must.
    maxHeartbeatThrottleInterval: '1s',
    maxCachedWorkflows: MAX_CACHED_WORKFLOWS,
    // Most of them wait for pods; how many ask the API server at once is bounded by its client.
    maxConcurrentActivityTaskExecutions: MAX_CACHED_WORKFLOWS,
    maxConcurrentLocalActivityExecutions: 50,
    stickyQueueScheduleToStartTimeout: '5s',
    // One that cannot be replayed would stand still for good. Another takes its place, and knows from the cluster what it needs.
    workflowFailureErrorTypes: { '*': ['NondeterminismError'] },
    shutdownGraceTime: shareOf('finish', config.shutdownMs),
    shutdownForceTime: shareOf('worker', config.shutdownMs),
  });
  const unfinished = (): object => ({ activities: activitiesRunning.list() });
  const worked = (): Worked => ({
    operator: operator.name,
    refusedReads: refusedReads.counts,
    events: events.status(),
  });
  return { worker, worked, flush: () => events.flush(), unfinished };
}

function bridgeHealth({ name }: Operator, bridge: Bridge, election: LeaderElection | undefined): PartHealth {
  const detail = { ...bridge.status(), ...(election ? { election: election.status() } : {}) };
  return { name: `bridge ${name}`, isDead: false, isReady: detail.synced, detail };
}

function workerHealth({ name }: Operator, worker: Worker): PartHealth {
  const state = worker.getState();
  return {
    name: `worker ${name}`,
    isDead: state === 'FAILED' || state === 'STOPPED',
    isReady: state === 'RUNNING',
    detail: worker.getStatus(),
  };
}
