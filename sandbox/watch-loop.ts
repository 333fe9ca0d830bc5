import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterApi } from './cluster-api.ts';

export interface WatchLoopOptions<T> {
  readonly api: ClusterApi;
  /** For example `/api/v1/pods`, with a query or without. */
  readonly path: string;
  readonly signal: AbortSignal;
  /** Told of each object as it is now; must not throw. */
  onObject(object: T, type: 'MODIFIED' | 'DELETED'): void;
  onTrouble(error: unknown): void;
}

interface Page<T> {
  readonly metadata: { readonly resourceVersion: string };
  readonly items?: readonly T[] | null;
}

const RETRY_MS = 200;

/**
 * Tells of every object of a kind and of each change, for as long as the signal allows. After any trouble it lists again, so
 * a change may be told twice but none is lost; a deletion in between is not told.
 */
export async function watchLoop<T>(options: WatchLoopOptions<T>): Promise<void> {
  const { signal } = options;
  while (!signal.aborted) {
    try {
      await listAndWatch(options);
    } catch (error) {
      if (signal.aborted) return;
      options.onTrouble(error);
      await sleep(RETRY_MS);
    }
  }
}

async function listAndWatch<T>({ api, path, signal, onObject }: WatchLoopOptions<T>): Promise<void> {
  const page = asPage<T>((await api.expect({ method: 'GET', path, signal })).body);
  for (const object of page.items ?? []) onObject(object, 'MODIFIED');
  let version = page.metadata.resourceVersion;
  const query = path.includes('?') ? '&' : '?';
  while (!signal.aborted) {
    const from = `watch=1&allowWatchBookmarks=true&resourceVersion=${version}`;
    for await (const event of api.watch(`${path}${query}${from}`, signal)) {
      if (event.type === 'ERROR') throw new Error(`watch ${path}: ${JSON.stringify(event.object)}`);
      version = versionOf(event.object);
      if (event.type !== 'BOOKMARK') {
        onObject(asObject<T>(event.object), event.type === 'DELETED' ? 'DELETED' : 'MODIFIED');
      }
    }
  }
}

function versionOf(object: unknown): string {
  return asObject<{ metadata: { resourceVersion: string } }>(object).metadata.resourceVersion;
}

/** The API server's answer to a question about one kind holds objects of that kind: the one place that takes its word. */
function asObject<T>(value: unknown): T {
  return value as T;
}

function asPage<T>(value: unknown): Page<T> {
  return asObject<Page<T>>(value);
}
