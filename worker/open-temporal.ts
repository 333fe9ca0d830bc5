import { Client } from '@temporalio/client';
import type { RunOptions } from './config.ts';
import { readConfig } from './config.ts';
import { connect } from './connect.ts';
import { createLogger } from './logger.ts';

/** A client of the Temporal that the options, a profile or the environment name. */
export async function openTemporal(
  options: Pick<RunOptions, 'temporalAddress' | 'temporalNamespace'> = {},
): Promise<{ readonly client: Client; close(): Promise<void> }> {
  const config = readConfig(options);
  const connection = await connect(
    config.temporal.connectionOptions,
    createLogger('warn'),
    AbortSignal.timeout(15_000),
  );
  const { namespace } = config.temporal;
  const client = new Client({ connection, ...(namespace ? { namespace } : {}) });
  return { client, close: () => connection.close() };
}
