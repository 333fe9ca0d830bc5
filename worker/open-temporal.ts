import { Client } from '@temporalio/client';
import type { RunOptions } from './config.ts';
import { readConfig } from './config.ts';
import { connect } from './connect.ts';
import { createLogger } from './logger.ts';
import { SetupError } from './setup-error.ts';

const PATIENCE_MS = 10_000;

/**
 * A client of the Temporal that the options, a profile or the environment name.
 *
 * @throws SetupError when it does not answer within 10 seconds.
 */
export async function openTemporal(
  options: Pick<RunOptions, 'temporalAddress' | 'temporalNamespace'> = {},
): Promise<{ readonly client: Client; close(): Promise<void> }> {
  const { temporal } = readConfig(options);
  const { namespace, connectionOptions } = temporal;
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const connection = await connect(temporal, createLogger('error'), patience).catch((error: unknown) => {
    if (!patience.aborted) throw error;
    const address = connectionOptions.address ?? 'localhost:7233';
    const words = `Temporal at ${address} does not answer; name another with --temporal-address, or TEMPORAL_ADDRESS`;
    throw new SetupError(words, { cause: error });
  });
  const client = new Client({ connection, ...(namespace ? { namespace } : {}) });
  return { client, close: () => connection.close() };
}
