import type { ClusterApi } from '../sandbox/cluster-api.ts';

/** What the API server was asked about the resources and their objects; watches, which only listen, aside. */
export interface Requests {
  readonly reads: number;
  readonly writes: number;
}

const LOOKED_AT = new Set([
  'pinots',
  'statefulsets',
  'services',
  'configmaps',
  'persistentvolumeclaims',
  'pods',
  'events',
]);
const READS = new Set(['GET', 'LIST']);
const LINE = /^apiserver_request_total\{(.*)\} (\S+)$/;

export async function countRequests(api: ClusterApi): Promise<Requests> {
  const { body } = await api.expect({ method: 'GET', path: '/metrics' });
  let reads = 0;
  let writes = 0;
  for (const line of String(body).split('\n')) {
    const [, labels = '', count = '0'] = LINE.exec(line) ?? [];
    const verb = labelOf('verb', labels);
    if (verb === 'WATCH' || !LOOKED_AT.has(labelOf('resource', labels))) continue;
    if (READS.has(verb)) reads += Number(count);
    else writes += Number(count);
  }
  return { reads, writes };
}

const QUIET_MS = 1_500;
const POLL_MS = 500;

/** Resolves when nobody has asked for anything for a while: what was started has come to its end. */
export async function untilQuiet(api: ClusterApi, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let last = '';
  let since = performance.now();
  for (;;) {
    const now = JSON.stringify(await countRequests(api));
    if (now !== last) since = performance.now();
    last = now;
    if (performance.now() - since >= QUIET_MS) return;
    if (performance.now() > deadline)
      throw new Error(`the API server was not left alone within ${timeoutMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function labelOf(name: string, labels: string): string {
  return new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
}
