/** Which cluster this is: the uid of the namespace kube-system, which each cluster has and no two clusters share. */
import type { Log } from '../core/log.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import { Backoff, pause } from '../kubernetes/backoff.ts';
import { StatusError } from '../kubernetes/status-error.ts';

export interface Cluster {
  readonly uid: string;
  /** Where its API server is, for people. */
  readonly server: string;
}

const KUBE_SYSTEM = { group: '', version: 'v1', kind: 'Namespace', name: 'kube-system' };
const BACKOFF = { minMs: 250, maxMs: 10_000 };
/** A new cluster makes it soon after it answers. */
const NEW_MS = 5_000;

export function titleOfCluster({ uid, server }: Cluster): string {
  return `the cluster whose namespace kube-system has uid ${uid}${server ? ` (${server})` : ''}`;
}

/** Undefined where the program may not know, or there is no such namespace. Waits for an API server that is away. */
export async function clusterOf(
  api: Pick<KubernetesApi, 'get'>,
  server: string,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<Cluster | undefined> {
  const backoff = new Backoff(BACKOFF);
  const newUntil = performance.now() + NEW_MS;
  for (;;) {
    signal.throwIfAborted();
    try {
      const uid = (await api.get(KUBE_SYSTEM))?.metadata.uid;
      if (uid) return { uid, server };
      if (performance.now() > newUntil) return unknown(log, 'there is none');
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof StatusError && error.code === 403) return unknown(log, error.message);
      if (backoff.failures === 0)
        log.warn({ error: String(error) }, 'the API server does not say which cluster this is; trying again');
    }
    await pause(backoff.next(), signal);
  }
}

function unknown(log: Log, why: string): undefined {
  const hint = 'grant get of the namespace kube-system';
  log.warn(
    { why, hint },
    'the namespace kube-system cannot be read; another cluster in the same task queue would not be noticed',
  );
  return undefined;
}
