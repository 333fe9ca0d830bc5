/** A server of tables, and the kind that reaches it over HTTP. */
import type { ExternalContext, ExternalKind, ExternalKindOptions } from '../../index.ts';
import { externalKind, ServerGone } from '../../index.ts';
import type { Handler } from './http-stand-in.ts';
import type { ToyTable } from './toy-external.ts';

/** What `tableOperator` puts into the Secret that is read. */
export const PASSWORD: string = 'hunter2';

/** A server of tables, which knows a table by its name and takes every idempotency key once. */
export class Tables {
  /** What is created is shown so much later, in milliseconds; by name. */
  readonly lags: Map<string, number> = new Map();
  /** Names of tables of which the server keeps another value than it is given. */
  readonly normalised: Set<string> = new Set();
  readonly #shownAt = new Map<string, number>();
  readonly content: Map<string, ToyTable> = new Map();
  readonly keys: Set<string> = new Set();
  readonly handle: Handler = ({ method, path, headers, body }) => {
    if (headers['authorization'] !== `Bearer ${PASSWORD}`)
      return { status: 401, body: { error: `not ${headers['authorization']}` } };
    const name = path.slice('/tables/'.length);
    const known = this.content.get(name);
    switch (method) {
      case 'GET':
        if (!known || Date.now() < (this.#shownAt.get(name) ?? 0)) return { status: 404 };
        return {
          status: 200,
          body: this.normalised.has(name) ? { config: known.config.toUpperCase() } : known,
        };
      case 'POST':
        if (known) return { status: 409, body: { error: `there is a table ${name}` } };
        this.keys.add(headers['idempotency-key'] ?? '');
        this.content.set(name, body as ToyTable);
        this.#shownAt.set(name, Date.now() + (this.lags.get(name) ?? 0));
        return { status: 200 };
      case 'PUT':
        this.content.set(name, body as ToyTable);
        return { status: 200 };
      default:
        this.content.delete(name);
        return { status: 200 };
    }
  };
}

export function tableKind(
  url: () => string,
  options: ExternalKindOptions = { settles: '2 seconds' },
): ExternalKind<ToyTable> {
  async function call(context: ExternalContext, method: string, body?: ToyTable): Promise<Response> {
    const { name, resource, signal, idempotencyKey } = context;
    // Of some it needs more: another Secret, or the server that it lives on.
    if (name.startsWith('guarded')) await context.secret({ name: 'guard' });
    if (
      name.startsWith('hosted') &&
      !(await context.read({ apiVersion: 'v1', kind: 'ConfigMap', name: 'host' }))
    )
      throw new ServerGone('ConfigMap host is gone');
    const { password = '' } = await context.secret({ name: `${resource.metadata.name}-login` });
    context.log.info('calls', { password });
    const response = await fetch(`${url()}/tables/${name}`, {
      method,
      signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]),
      headers: {
        authorization: `Bearer ${password}`,
        'idempotency-key': idempotencyKey,
        'content-type': 'application/json',
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!response.ok && response.status !== 404)
      throw new Error(`${response.status} ${await response.text()}`);
    return response;
  }
  return externalKind<ToyTable>(
    'Table',
    {
      observe: async (context) => {
        const response = await call(context, 'GET');
        return response.ok ? ((await response.json()) as ToyTable) : undefined;
      },
      create: async (wanted, context) => void (await call(context, 'POST', wanted)),
      update: async (wanted, _, context) => void (await call(context, 'PUT', wanted)),
      remove: async (_, context) => void (await call(context, 'DELETE')),
      replace: (wanted, kept) =>
        wanted.config.startsWith('fixed') && kept.config !== wanted.config ? 'config' : undefined,
      ready: ({ config }) => (config.startsWith('slow') ? 'it is being filled' : true),
    },
    options,
  );
}
