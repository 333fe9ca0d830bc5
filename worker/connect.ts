import { setTimeout as delay } from 'node:timers/promises';
import { isGrpcServiceError } from '@temporalio/client';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { NativeConnection, Runtime } from '@temporalio/worker';
import type { Config } from './config.ts';
import type { Logger } from './logger.ts';
import { temporalLogger } from './logger.ts';
import { SetupError } from './setup-error.ts';
import { tlsFault, tlsOf } from './temporal-tls.ts';
import { unlessAborted } from './unless-aborted.ts';

const LONGEST_WAIT_MS = 10_000;
/** A server that is being set up may answer with another certificate for a moment. */
const ATTEMPTS_BEFORE_FAULT = 3;
/** A call that got no answer for this long is made again. */
const DEADLINE_MS = 5_000;
/** The codes of gRPC for a namespace that does not exist, or is not ours to use. */
const REFUSED = { INVALID_ARGUMENT: 3, NOT_FOUND: 5, PERMISSION_DENIED: 7, UNAUTHENTICATED: 16 };

/**
 * Connects to Temporal, however long it takes: a Temporal that is away is logged and awaited, and is no reason to crash.
 *
 * @throws SetupError when it answers and waiting would not help: its address, TLS, credentials or namespace.
 */
export async function connect(
  { connectionOptions, namespace = 'default' }: Config['temporal'],
  log: Logger,
  signal: AbortSignal,
): Promise<NativeConnection> {
  installRuntime(log);
  const address = connectionOptions.address ?? 'localhost:7233';
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await unlessAborted(signal, open(connectionOptions, address, namespace));
    } catch (error) {
      if (signal.aborted || error instanceof SetupError) throw error;
      const fault = attempt < ATTEMPTS_BEFORE_FAULT ? undefined : await tlsFault(address, connectionOptions);
      if (fault) throw new SetupError(fault, { cause: error });
      const waitMs = Math.min(125 * 2 ** attempt, LONGEST_WAIT_MS) * (0.5 + Math.random() / 2);
      log.warn(
        { address, error: String(error), waitMs: Math.round(waitMs) },
        'Temporal does not answer; trying again',
      );
      await delay(waitMs, undefined, { signal });
    }
  }
}

async function open(
  options: NativeConnectionOptions,
  address: string,
  namespace: string,
): Promise<NativeConnection> {
  const connection = await NativeConnection.connect({
    ...compressionFor(address),
    ...options,
    tls: tlsOf(options) ?? false,
  }).catch((error: unknown) => {
    throw error instanceof TypeError ? SetupError.of("Temporal's address", error) : error;
  });
  try {
    await connection.withDeadline(Date.now() + DEADLINE_MS, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
    return connection;
  } catch (error) {
    await connection.close();
    throw refusalOf(error, address, namespace);
  }
}

function refusalOf(error: unknown, address: string, namespace: string): unknown {
  if (!isGrpcServiceError(error) || !Object.values(REFUSED).includes(error.code)) return error;
  const what =
    error.code === REFUSED.NOT_FOUND
      ? `has no namespace "${namespace}"; create it, or name another with --temporal-namespace`
      : `refuses namespace "${namespace}": ${error.details || error.message}`;
  return new SetupError(`Temporal at ${address} ${what}`, { cause: error });
}
/** On the loopback, compressing costs more than it saves. */
function compressionFor(address = 'localhost'): NativeConnectionOptions {
  return /^(localhost|127\.|\[::1\])/.test(address) ? { grpcCompression: { codec: 'none' } } : {};
}

let isInstalled = false;

/**
 * Once per process, before anything else of the SDK: this program owns its signals, and standard output is for answers, where
 * the SDK's core would write its log.
 */
export function installRuntime(log: Logger): void {
  if (isInstalled) return;
  isInstalled = true;
  Runtime.install({
    shutdownSignals: [],
    logger: temporalLogger(log),
    telemetryOptions: { logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } } },
  });
}
