import type { NativeConnection } from '@temporalio/worker';
import { SEARCH_ATTRIBUTES } from '../workflows/messages.ts';
import type { Logger } from './logger.ts';

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
): Promise<boolean> {
  const wanted = Object.values(SEARCH_ATTRIBUTES);
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const missing = wanted.filter((name) => customAttributes[name] === undefined);
    if (missing.length === 0) return true;
    const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]));
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
    return true;
  } catch (error) {
    const hint = `temporal operator search-attribute create ${wanted.map((name) => `--name ${name} --type Keyword`).join(' ')}`;
    log.warn({ namespace, error: String(error), hint }, 'search attributes are not registered, and not used');
    return false;
  }
}
