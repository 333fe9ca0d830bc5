import type { NativeConnection } from '@temporalio/worker';
import type { Operator } from '../api/operator.ts';
import { CIRCUIT_STATES } from '../kubernetes/circuit.ts';
import type { FlowStatus } from '../kubernetes/flow-control.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { createKubernetesApi } from '../kubernetes/client.ts';
import { homeOf, loadKubeConfig } from '../kubernetes/kube-config.ts';
import { clusterOf } from './cluster.ts';
import type { Config, RunOptions } from './config.ts';
import { readConfig } from './config.ts';
import { connect } from './connect.ts';
import type { HealthServer, PartHealth } from './health-server.ts';
import { startHealthServer } from './health-server.ts';
import type { Logger } from './logger.ts';
import { createLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import { registerSearchAttributes } from './search-attributes.ts';
import { SetupError } from './setup-error.ts';
import { Shutdown } from './shutdown.ts';
import type { RunningOperator, Surroundings } from './start-operator.ts';
import { startOperator } from './start-operator.ts';
import { unlessAborted } from './unless-aborted.ts';
import { workflowBundle } from './workflow-bundle.ts';

/** Operators at work in this process. */
export interface Running {
  /** Port of the health endpoint, where there is one. */
  readonly healthPort?: number;
  /** Rejects when a part failed for good; resolves after `stop`. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

// An operator of any spec can be run; what its functions take is checked where it is defined.
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyOperator = Operator<any>;

/**
 * Starts operators and answers when their watches are synced. A server that is away is waited for, until `signal` says no.
 *
 * @throws SetupError when there is no such kubeconfig, context or Temporal profile, the health port is taken, or another
 * cluster has the task queue.
 */
export async function startOperators(
  operators: AnyOperator | readonly AnyOperator[],
  options: RunOptions = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Running> {
  const config = readConfig(options);
  requireNames([operators].flat());
  const log = createLogger(config.logLevel);
  const parts: Parts = { started: [] };
  try {
    parts.health = await serveHealth(config, parts, log);
    const cluster = openCluster(config, log);
    parts.api = cluster.api;
    const { server, home } = cluster;
    const election = electionOf(config, home);
    await unlessAborted(
      signal,
      start([operators].flat(), {
        config,
        log,
        parts,
        server,
        home: keyNamespace(config, home),
        election,
        signal,
      }),
    );
  } catch (error) {
    await stopAll(parts, new Shutdown(config.shutdownMs, log));
    throw error;
  }
  const ended = Promise.all(parts.started.map((each) => each.ended)).then(() => undefined);
  // Who started them need not wait for their end.
  ended.catch(() => undefined);
  let stopping: Promise<void> | undefined;
  return {
    ...(parts.health ? { healthPort: parts.health.port } : {}),
    ended,
    stop: () => (stopping ??= stopAll(parts, new Shutdown(config.shutdownMs, log))),
  };
}

/** Each has a task queue, a Lease and a field manager of its name. @throws SetupError when two share one. */
function requireNames(operators: readonly AnyOperator[]): void {
  const names = operators.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new SetupError(`two operators are named "${twice}"; give one of them another \`name\``);
}

/** What is open, and must be closed again, however far the start came. */
interface Parts {
  readonly started: RunningOperator[];
  health?: HealthServer | undefined;
  api?: KubernetesClient;
  connection?: NativeConnection;
}

interface Start {
  readonly config: Config;
  readonly log: Logger;
  readonly parts: Parts;
  /** Where the API server is. */
  readonly server: string;
  readonly home: string;
  readonly election: Surroundings['election'];
  readonly signal: AbortSignal;
}

async function start(
  operators: readonly AnyOperator[],
  { config, log, parts, server, home, election, signal }: Start,
): Promise<void> {
  const { api } = parts;
  if (!api) throw new Error('the client of the cluster is there before the operators');
  const failing = new AbortController();
  const [bundle, connection, cluster] = await Promise.all([
    workflowBundle(),
    connect(config.temporal, log, signal),
    clusterOf(api, server, { log, signal: AbortSignal.any([signal, failing.signal]) }),
  ]).catch((error: unknown) => {
    failing.abort();
    throw error;
  });
  parts.connection = connection;
  const namespace = config.temporal.namespace ?? 'default';
  const searchAttributes = await registerSearchAttributes(connection, namespace, log, signal);
  const surroundings = {
    config,
    api,
    connection,
    bundle,
    searchAttributes,
    cluster,
    home,
    election,
    log,
    signal,
  };
  for (const operator of operators) {
    signal.throwIfAborted();
    parts.started.push(await startOperator(operator, surroundings));
  }
  await Promise.all(parts.started.map(({ synced }) => synced));
}

async function stopAll({ started, connection, api, health }: Parts, shutdown: Shutdown): Promise<void> {
  await Promise.all(started.map((each) => each.stop(shutdown)));
  await shutdown.await('connections', connection?.close());
  await shutdown.await('connections', Promise.all([api?.close(), health?.close()]));
}

function openCluster(
  { kubernetes }: Config,
  log: Logger,
): { api: KubernetesClient; server: string; home: ReturnType<typeof homeOf> } {
  try {
    const kubeConfig = loadKubeConfig(kubernetes);
    const server = kubeConfig.getCurrentCluster()?.server ?? '';
    return { api: createKubernetesApi({ kubeConfig, log }), server, home: homeOf(kubeConfig) };
  } catch (error) {
    throw SetupError.of('the cluster cannot be found', error);
  }
}

/** In a cluster there may be other replicas; a person at a laptop is alone, and writes no lease. */
function electionOf(config: Config, home: ReturnType<typeof homeOf>): Surroundings['election'] {
  const { enabled, namespace = home.namespace, timings } = config.leaderElection;
  return (enabled ?? home.inCluster) ? { namespace, timings } : undefined;
}

/** Depends on nothing that people change for another reason: neither on the Lease nor on the context of a kubeconfig. */
function keyNamespace({ digestKeyNamespace }: Config, home: ReturnType<typeof homeOf>): string {
  return digestKeyNamespace ?? (home.inCluster ? home.namespace : 'default');
}

async function serveHealth(
  { healthPort }: Config,
  program: Parts,
  log: Logger,
): Promise<HealthServer | undefined> {
  const waiting = [{ name: 'program', isDead: false, isReady: false, detail: 'is starting' }];
  if (healthPort === undefined) return undefined;
  const { started } = program;
  const parts = (): readonly PartHealth[] => [
    ...(started.length > 0 ? started.flatMap((each) => each.health()) : waiting),
    ...(program.api ? [apiHealth(program.api.flow())] : []),
  ];
  const metrics = createMetrics(
    () => started.flatMap((each) => each.metered()),
    () => program.api?.flow(),
    () => started.flatMap((each) => each.worked()),
  );
  try {
    const health = await startHealthServer(healthPort, parts, metrics);
    log.info({ port: health.port }, 'health is served');
    return health;
  } catch (error) {
    throw SetupError.of(`the health port ${healthPort} cannot be served`, error);
  }
}

/** A program whose API server does not answer lives and waits, and does no work meanwhile. */
function apiHealth(flow: FlowStatus): PartHealth {
  return { name: 'API server', isDead: false, isReady: flow.circuit === CIRCUIT_STATES.Closed, detail: flow };
}

/**
 * Runs operators until SIGINT or SIGTERM, and stops in order. Rejects when a part fails for good. The process ends within
 * `shutdownTimeout`, whatever still runs then.
 */
export async function runOperator(
  operators: AnyOperator | readonly AnyOperator[],
  options: RunOptions = {},
): Promise<void> {
  const interrupted = new AbortController();
  const { shutdownMs } = readConfig(options);
  const interrupt = (): void => {
    interrupted.abort();
    // What was cut off may keep the process: a gate that hangs, a connection to a server that is frozen.
    setTimeout(() => process.exit(), shutdownMs).unref();
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const running = await startOperators(operators, options, interrupted.signal);
    const asked = new Promise<void>((resolve) => {
      if (interrupted.signal.aborted) resolve();
      interrupted.signal.addEventListener('abort', () => resolve());
    });
    try {
      await Promise.race([asked, running.ended]);
    } finally {
      await running.stop();
    }
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}
