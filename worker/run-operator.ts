import type { Operator } from '../api/operator.ts';
import { createKubernetesApi } from '../kubernetes/client.ts';
import { loadKubeConfig } from '../kubernetes/kube-config.ts';
import type { Config, RunOptions } from './config.ts';
import { readConfig } from './config.ts';
import { connect } from './connect.ts';
import type { HealthServer } from './health-server.ts';
import { startHealthServer } from './health-server.ts';
import { createLogger } from './logger.ts';
import { registerSearchAttributes } from './search-attributes.ts';
import type { RunningOperator } from './start-operator.ts';
import { startOperator } from './start-operator.ts';
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
export type AnyOperator = Operator<any, any>;

/**
 * Starts operators and answers when their watches are synced. A server that is away is waited for.
 *
 * @throws Error when there is no such kubeconfig, context or Temporal profile, or the health port is taken.
 */
export async function startOperators(
  operators: AnyOperator | readonly AnyOperator[],
  options: RunOptions = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Running> {
  const config = readConfig(options);
  const log = createLogger(config.logLevel);
  const started: RunningOperator[] = [];
  const health = await serveHealth(config, started);
  const api = createKubernetesApi({ kubeConfig: loadKubeConfig(config.kubernetes) });
  const [bundle, connection] = await Promise.all([
    workflowBundle(log),
    connect(config.temporal.connectionOptions, log, signal),
  ]);
  const namespace = config.temporal.namespace ?? 'default';
  const searchAttributes = await registerSearchAttributes(connection, namespace, log);
  for (const operator of [operators].flat())
    started.push(await startOperator(operator, { config, api, connection, bundle, searchAttributes, log }));

  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((each) => each.stop()));
    await connection.close();
    await api.close();
    await health?.close();
  };
  return {
    ...(health ? { healthPort: health.port } : {}),
    ended: Promise.all(started.map(({ ended }) => ended)).then(() => undefined),
    stop: () => (stopping ??= stop()),
  };
}

function serveHealth(
  { healthPort }: Config,
  started: readonly RunningOperator[],
): Promise<HealthServer> | undefined {
  const waiting = [{ name: 'program', isDead: false, isReady: false, detail: 'is starting' }];
  if (healthPort === undefined) return undefined;
  return startHealthServer(healthPort, () =>
    started.length > 0 ? started.flatMap((each) => each.health()) : waiting,
  );
}

/** Runs operators until SIGINT or SIGTERM, and stops in order. Rejects when a part fails for good. */
export async function runOperator(
  operators: AnyOperator | readonly AnyOperator[],
  options: RunOptions = {},
): Promise<void> {
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
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
