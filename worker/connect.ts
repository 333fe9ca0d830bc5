import { setTimeout as delay } from 'node:timers/promises';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { NativeConnection, Runtime } from '@temporalio/worker';
import type { Logger } from './logger.ts';
import { temporalLogger } from './logger.ts';

const LONGEST_WAIT_MS = 10_000;

/** Connects to Temporal, however long it takes: a Temporal that is away is said and awaited, and is no reason to crash. */
export async function connect(
  options: NativeConnectionOptions,
  log: Logger,
  signal: AbortSignal,
): Promise<NativeConnection> {
  installRuntime(log);
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await NativeConnection.connect({ ...compressionFor(options.address), ...options });
    } catch (error) {
      const waitMs = Math.min(250 * 2 ** attempt, LONGEST_WAIT_MS) * (0.5 + Math.random() / 2);
      const address = options.address ?? 'localhost:7233';
      log.warn(
        { address, error: String(error), waitMs: Math.round(waitMs) },
        'Temporal does not answer; trying again',
      );
      await delay(waitMs, undefined, { signal });
    }
  }
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
