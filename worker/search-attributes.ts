import { isGrpcServiceError } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { Backoff, pause } from '../kubernetes/backoff.ts';
import { SEARCH_ATTRIBUTES } from '../workflows/messages.ts';
import type { Logger } from './logger.ts';

const BACKOFF = { minMs: 250, maxMs: 10_000 };
const DEADLINE_MS = 5_000;
/** What lasts longer is no passing trouble, whatever the server calls it. */
const LONGEST_MS = 60_000;
/** `DEADLINE_EXCEEDED`, `ALREADY_EXISTS`, `RESOURCE_EXHAUSTED`, `ABORTED` and `UNAVAILABLE` of gRPC. */
const PASSING: ReadonlySet<number> = new Set([4, 6, 8, 10, 14]);
/** `INDEXED_VALUE_TYPE_KEYWORD` of Temporal's API. */
const KEYWORD = 2;

/**
 * Registers what is missing, where that is allowed, and says whether the namespace knows them all. An unknown attribute
 * would leave a workflow stuck at its next upsert, so without all of them none is used.
 */
export async function registerSearchAttributes(
  connection: NativeConnection,
  namespace: string,
  log: Logger,
  signal: AbortSignal,
): Promise<boolean> {
  const wanted = Object.values(SEARCH_ATTRIBUTES);
  const backoff = new Backoff(BACKOFF);
  const lastMs = performance.now() + LONGEST_MS;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await connection.withDeadline(Date.now() + DEADLINE_MS, () => register(connection, namespace));
    } catch (error) {
      if (!passes(error) || performance.now() > lastMs) return refused(error, { namespace, log, wanted });
      if (backoff.failures === 0)
        log.warn(
          { namespace, error: String(error) },
          'search attributes cannot be registered now; trying again',
        );
      await pause(backoff.next(), signal);
    }
  }
}

async function register(connection: NativeConnection, namespace: string): Promise<boolean> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.values(SEARCH_ATTRIBUTES).filter((name) => customAttributes[name] === undefined);
  if (missing.length === 0) return true;
  const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]));
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  return true;
}

/** A server that is away or busy says nothing of what is allowed; one that another program was faster at is asked again. */
function passes(error: unknown): boolean {
  return isGrpcServiceError(error) && PASSING.has(error.code);
}

function refused(
  error: unknown,
  {
    namespace,
    log,
    wanted,
  }: { readonly namespace: string; readonly log: Logger; readonly wanted: readonly string[] },
): false {
  const hint = `temporal operator search-attribute create ${wanted.map((name) => `--name ${name} --type Keyword`).join(' ')}`;
  log.warn({ namespace, error: String(error), hint }, 'search attributes are not registered, and not used');
  return false;
}
