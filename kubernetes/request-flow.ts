/** Which requests go together: what the API server's priority and fairness sees of them, as far as we see it, too. */
import type { Answer, Call } from './transport.ts';
import { parseStatus } from './status-mapping.ts';

export interface RequestFlow {
  /** Verb and resource, by which a FlowSchema chooses: `PATCH apis/apps/v1/statefulsets`. */
  readonly kind: string;
  /** Empty for what is in none. */
  readonly namespace: string;
  /** 0, or 1 for what waits until all else is sent: events tell of the work, and must not hold it up. */
  readonly urgency: 0 | 1;
}

export function flowOf({ method, path }: Pick<Call, 'method' | 'path'>): RequestFlow {
  const [, ...parts] = (path.split('?', 1)[0] ?? '').split('/');
  const root = parts[0] === 'api' ? 2 : 3;
  const isNamespaced = parts[root] === 'namespaces' && parts.length > root + 2;
  const plural = parts[isNamespaced ? root + 2 : root] ?? '';
  return {
    kind: `${method} ${parts.slice(0, root).join('/')}/${plural}`,
    namespace: isNamespaced ? (parts[root + 1] ?? '') : '',
    urgency: plural === 'events' ? 1 : 0,
  };
}

/**
 * What keeps a lease, or is needed to watch, neither waits nor counts: a bridge that is busy must not lose its lease, and
 * what it hears is the first sign of a server that is back.
 */
export function isExempt({ path, isOfWatch }: Call): boolean {
  return isOfWatch === true || path.startsWith('/apis/coordination.k8s.io/');
}

/** The server has too much to do. A 429 that names a cause is about the object: a pod that a disruption budget protects. */
export function isOverload({ code, text }: Answer): boolean {
  if (code !== 429) return code === 503 || code === 504;
  return (parseStatus(text)?.details?.causes ?? []).length === 0;
}

/** Until when requests of a flow are to wait, as the server asked. */
export class Pauses {
  /** The FlowSchema by which the server counted requests of this kind, as its answers say. */
  readonly #schemas = new Map<string, string>();
  readonly #until = new Map<string, number>();

  learn(kind: string, schema: string | undefined): void {
    if (schema !== undefined) this.#schemas.set(kind, schema);
  }

  /** For all that the server counts together with it. */
  pause(kind: string, untilMs: number): void {
    const flow = this.#schemas.get(kind) ?? kind;
    this.#until.set(flow, Math.max(untilMs, this.#until.get(flow) ?? 0));
  }

  remainingMs(kind: string, nowMs: number): number {
    if (this.#until.size === 0) return 0;
    const flow = this.#schemas.get(kind) ?? kind;
    const leftMs = (this.#until.get(flow) ?? 0) - nowMs;
    if (leftMs <= 0) this.#until.delete(flow);
    return Math.max(0, leftMs);
  }
}
