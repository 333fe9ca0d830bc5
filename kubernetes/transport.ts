import { isDeepStrictEqual } from 'node:util';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Log } from '../core/log.ts';
import type { Dispatcher } from 'undici';
import { Agent, ProxyAgent, Socks5ProxyAgent } from 'undici';
import type { Credentials, Tls } from './credentials.ts';
import { CredentialStore } from './credentials.ts';
import type { FlowStatus } from './flow-control.ts';
import { closed, FlowControl, LONGEST_PAUSE_MS, MOST_IN_FLIGHT } from './flow-control.ts';
import { statusErrorOf, unreachable } from './status-mapping.ts';

export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the server's own address, with its query. */
  readonly path: string;
  readonly body?: object;
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal | undefined;
  readonly beforeSend?: (() => void) | undefined;
  /** Without its answer nothing is watched. */
  readonly isOfWatch?: true;
}

export interface Answer {
  readonly code: number;
  readonly text: string;
  readonly retryAfter?: string | string[] | undefined;
  /** The uid of the FlowSchema by which the server counted the request. */
  readonly flowSchema?: string | undefined;
}

/** How long the server may be silent before a request is given up. */
export const REQUEST_TIMEOUT_MS = 15_000;
/** A watch has answered, if only with its headers, after this time. */
export const WATCH_HEADERS_TIMEOUT_MS = 30_000;
const TIMEOUTS = {
  requests: { headersTimeout: REQUEST_TIMEOUT_MS, bodyTimeout: REQUEST_TIMEOUT_MS },
  watches: { headersTimeout: WATCH_HEADERS_TIMEOUT_MS, bodyTimeout: 0 },
} as const;
const CONNECT_TIMEOUT_MS = 5_000;
/** Of a refusal: larger than any that an API server writes, which may quote a whole object. */
const MOST_OF_A_REFUSAL = 8 * 1024 * 1024;
/** Beside those that flow control counts: for what never waits. */
const SPARE_CONNECTIONS = 4;

/**
 * HTTP to one API server: a pool of connections for requests and one for watches, which are long and would starve them;
 * credentials that renew themselves; refusals as {@link StatusError}.
 */
export class Transport {
  readonly #origin: string;
  readonly #prefix: string;
  readonly #proxy: string | undefined;
  readonly #credentials: CredentialStore;
  readonly #userAgent: string;
  readonly #flow: FlowControl;
  #pools: { readonly tls: Tls; readonly requests: Dispatcher; readonly watches: Dispatcher } | undefined;
  #closed = false;

  constructor(kubeConfig: KubeConfig, userAgent: string, log?: Log) {
    const cluster = kubeConfig.getCurrentCluster();
    if (!cluster) throw new Error('the kubeconfig has no current cluster; set its current-context');
    const url = new URL(cluster.server);
    this.#origin = url.origin;
    this.#prefix = url.pathname.replace(/\/$/, '');
    this.#proxy = cluster.proxyUrl;
    this.#credentials = new CredentialStore(kubeConfig);
    this.#userAgent = userAgent;
    this.#flow = new FlowControl({ log, probe: () => this.#probe() });
  }

  get flow(): FlowStatus {
    return this.#flow.status();
  }

  /** The answer whatever its code is. @throws StatusError only when there was none. */
  ask(call: Call): Promise<Answer> {
    return this.#flow.run(call, () => this.#exchange(call));
  }

  /** A stream that stays open. @throws StatusError when the server refused or did not answer. */
  async stream(call: Call): Promise<AsyncIterable<Buffer>> {
    const askedAt = performance.now();
    const response = await this.#dispatch(call, 'watches').catch((error: unknown) => {
      this.#flow.unanswered(error, askedAt);
      throw error;
    });
    if (response.statusCode >= 400) throw statusErrorOf(call, await this.#read(call, response));
    this.#flow.answered();
    return response.body;
  }

  /** An answer of success. @throws StatusError */
  async send(call: Call): Promise<Answer> {
    const answer = await this.ask(call);
    if (answer.code < 400) return answer;
    throw statusErrorOf(call, answer);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#flow.close();
    await Promise.all([this.#pools?.requests.destroy(), this.#pools?.watches.destroy()]);
  }

  async #exchange(call: Call): Promise<Answer> {
    call.beforeSend?.();
    return this.#read(call, await this.#dispatch(call, 'requests'));
  }

  async #read(call: Call, { statusCode, headers, body }: Dispatcher.ResponseData): Promise<Answer> {
    const schema = headers['x-kubernetes-pf-flowschema-uid'];
    try {
      return {
        code: statusCode,
        text: await (statusCode < 400 ? body.text() : beginningOf(body)),
        retryAfter: headers['retry-after'],
        flowSchema: typeof schema === 'string' ? schema : undefined,
      };
    } catch (cause) {
      throw this.#unreachable(call, cause);
    }
  }

  /** Those who wait for it must not wait longer. */
  async #probe(): Promise<void> {
    const call = { method: 'GET', path: '/version', signal: AbortSignal.timeout(LONGEST_PAUSE_MS) } as const;
    const answer = await this.#exchange(call);
    if (answer.code >= 500) throw statusErrorOf(call, answer);
  }

  async #dispatch(call: Call, pool: keyof typeof TIMEOUTS): Promise<Dispatcher.ResponseData> {
    const credentials = await this.#credentials.get();
    const response = await this.#once(call, pool, credentials);
    if (response.statusCode !== 401) return response;
    await response.body.dump();
    this.#credentials.forget(credentials);
    return this.#once(call, pool, await this.#credentials.get());
  }

  async #once(
    call: Call,
    pool: keyof typeof TIMEOUTS,
    credentials: Credentials,
  ): Promise<Dispatcher.ResponseData> {
    const dispatcher = this.#dispatchers(credentials.tls)[pool];
    const options: Dispatcher.RequestOptions = {
      origin: this.#origin,
      path: this.#prefix + call.path,
      method: call.method,
      headers: {
        ...credentials.headers,
        'user-agent': this.#userAgent,
        accept: call.accept ?? 'application/json',
        ...(call.body ? { 'content-type': call.contentType ?? 'application/json' } : {}),
      },
      ...(call.body ? { body: JSON.stringify(call.body) } : {}),
      ...(call.signal ? { signal: call.signal } : {}),
      ...TIMEOUTS[pool],
    };
    try {
      return await dispatcher.request(options).catch((cause: unknown) => {
        // A pooled connection that the server closed while it was idle shows only when it is used.
        if (call.method !== 'GET' || !isClosedSocket(cause) || this.#closed) throw cause;
        return dispatcher.request(options);
      });
    } catch (cause) {
      throw this.#unreachable(call, cause);
    }
  }

  #unreachable(call: Call, cause: unknown): Error {
    return unreachable({ origin: this.#origin, method: call.method, cause, signal: call.signal });
  }

  #dispatchers(tls: Tls): { readonly requests: Dispatcher; readonly watches: Dispatcher } {
    if (this.#closed) throw closed();
    if (this.#pools && isDeepStrictEqual(this.#pools.tls, tls)) return this.#pools;
    const old = this.#pools;
    this.#pools = {
      tls,
      requests: this.#pool(tls, MOST_IN_FLIGHT + SPARE_CONNECTIONS),
      watches: this.#pool(tls, null),
    };
    // Only what is already under way goes on with the old certificate.
    if (old) void Promise.allSettled([old.requests.close(), old.watches.close()]);
    return this.#pools;
  }

  #pool(tls: Tls, connections: number | null): Dispatcher {
    const given = Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
    const options = {
      connections,
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: 30_000,
      connectTimeout: CONNECT_TIMEOUT_MS,
    };
    const connect = { ...given, timeout: CONNECT_TIMEOUT_MS, keepAlive: true, keepAliveInitialDelay: 30_000 };
    if (!this.#proxy) return new Agent({ ...options, connect });
    if (this.#proxy.startsWith('socks'))
      return new Socks5ProxyAgent(this.#proxy, { ...options, requestTls: given });
    return new ProxyAgent({ ...options, uri: this.#proxy, requestTls: given });
  }
}

function isClosedSocket(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE';
}

/** What is cut is no Status any more, and of anything else only the code is told. */
async function beginningOf(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let left = MOST_OF_A_REFUSAL;
  for await (const chunk of body) {
    chunks.push((chunk as Buffer).subarray(0, left));
    left -= (chunk as Buffer).length;
    if (left <= 0) break;
  }
  return Buffer.concat(chunks).toString();
}
