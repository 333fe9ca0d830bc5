import type { Context } from 'durable-operator';
import { SERVICES } from './druid.ts';
import type { DruidSpec } from './druid.ts';

const PATIENCE_MS = 5_000;

/** Opens when the Coordinator says that every segment is loaded, so that no query misses data in the next stage. */
export async function segmentsLoaded({
  named,
  resource: { metadata, spec },
  signal,
}: Pick<Context<DruidSpec>, 'named' | 'resource' | 'signal'>): Promise<true | string> {
  const coordinator = spec.nodes.find(({ service }) => service === 'coordinator')?.name ?? '';
  const host = `${named(coordinator)}.${metadata.namespace}`;
  const base = spec.coordinatorUrl ?? `http://${host}:${SERVICES.coordinator}`;
  const url = new URL('/druid/coordinator/v1/loadstatus', base);
  try {
    const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]) });
    if (!answer.ok) return `the Coordinator answers ${answer.status} at ${url.href}`;
    return waitingFor((await answer.json()) as Readonly<Record<string, number>>);
  } catch (error) {
    signal.throwIfAborted();
    return `the Coordinator does not answer at ${url.href}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function waitingFor(loaded: Readonly<Record<string, number>>): true | string {
  const behind = Object.entries(loaded).filter(([, percent]) => percent < 100);
  if (behind.length === 0) return true;
  return `segments are being loaded: ${behind.map(([name, percent]) => `${name} ${percent} %`).join(', ')}`;
}
