import type { ClusterApi } from '../sandbox/cluster-api.ts';

/** Requests by `verb resource`, for example `APPLY pinots/status`; watches, which only listen, aside. */
export type RequestCounts = Readonly<Record<string, number>>;

/** What the API server was asked about the resources and their objects. */
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

/** So far, since the API server started. */
export async function countRequests(api: ClusterApi): Promise<RequestCounts> {
  const { body } = await api.expect({ method: 'GET', path: '/metrics' });
  const counts: Record<string, number> = {};
  for (const line of String(body).split('\n')) {
    const [, labels = '', count = '0'] = LINE.exec(line) ?? [];
    const verb = labelOf('verb', labels);
    const resource = labelOf('resource', labels);
    if (verb === 'WATCH' || resource === '') continue;
    const subresource = labelOf('subresource', labels);
    const name = `${verb} ${resource}${subresource ? `/${subresource}` : ''}`;
    counts[name] = (counts[name] ?? 0) + Number(count);
  }
  return counts;
}

export async function countReadsAndWrites(api: ClusterApi): Promise<Requests> {
  let reads = 0;
  let writes = 0;
  for (const [name, count] of Object.entries(await countRequests(api))) {
    const [verb = '', resource = ''] = name.split(/[ /]/);
    if (!LOOKED_AT.has(resource)) continue;
    if (READS.has(verb)) reads += count;
    else writes += count;
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
    const now = JSON.stringify(await countReadsAndWrites(api));
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
