import { stat } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { impersonationHeaders } from './impersonation.ts';
import type { KubeconfigUser } from './kubeconfig-files.ts';
import { StatusError } from './status-error.ts';

/** What proves who we are, and who the server is. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly tls: Tls;
}

export type Tls = Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername'>;

/** How long credentials are used before exec plugins and token files are asked again. */
const FRESH_MS = 10_000;
const ANSWER_MS = 30_000;

/**
 * Keeps the credentials of a KubeConfig fresh: a token file is read again when it changed, an exec plugin runs again when
 * its credential has expired, and everything is read again once the server has refused it. One renewal at a time.
 */
export class CredentialStore {
  #config: KubeConfig;
  readonly #answerMs: number;
  #current: Credentials | undefined;
  #readAt = 0;
  #tokenStamp = 0;
  #reading: Promise<Credentials> | undefined;

  /** @param answerMs how long a source of credentials may take. */
  constructor(config: KubeConfig, answerMs: number = ANSWER_MS) {
    this.#config = config;
    this.#answerMs = answerMs;
  }

  async get(): Promise<Credentials> {
    if (this.#current && performance.now() - this.#readAt < FRESH_MS) return this.#current;
    this.#reading ??= this.#readInTime().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  /** An exec plugin may wait for a person, or for a server that is away, for ever. */
  async #readInTime(): Promise<Credentials> {
    const late = Promise.withResolvers<never>();
    const end = (): void =>
      late.reject(this.#refusal(`no answer within ${this.#answerMs / 1000} s`, undefined));
    const timer = setTimeout(end, this.#answerMs);
    try {
      return await Promise.race([this.#read(), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The server has refused `refused`: the next `get` reads everything again. */
  forget(refused: Credentials): void {
    if (this.#current !== refused) return;
    this.#dropCaches();
    this.#current = undefined;
  }

  async #read(): Promise<Credentials> {
    try {
      await this.#noticeTokenFile();
      // client-node reads the caller's object and writes the headers, the certificates and the token into it.
      const headers: Record<string, string> = {};
      const options: RequestOptions = { headers };
      await this.#config.applyToHTTPSOptions(options);
      const { ca, cert, key, rejectUnauthorized, servername } = options;
      const current = {
        headers: this.#headersFrom(headers),
        tls: { ca, cert, key, rejectUnauthorized, servername },
      };
      this.#current = current;
      this.#readAt = performance.now();
      return current;
    } catch (cause) {
      throw this.#refusal(cause instanceof Error ? cause.message.split('\n', 1)[0] : 'unknown', cause);
    }
  }

  #refusal(why: string | undefined, cause: unknown): StatusError {
    const user = this.#config.getCurrentUser()?.name ?? '';
    return new StatusError(`cannot get the credentials of user "${user}" of the kubeconfig: ${why}`, {
      code: 401,
      reason: 'Unauthorized',
      cause,
    });
  }

  /** What client-node does not know, or does in another way than kubectl. */
  #headersFrom({ Authorization: token, ...others }: Record<string, string>): Credentials['headers'] {
    const user: KubeconfigUser | null = this.#config.getCurrentUser();
    const { username, password = '', impersonation } = user ?? {};
    const basic = username ? `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` : undefined;
    // Of a file it has the line break.
    const authorization = basic ?? token?.trim().replace(/\s+/, ' ');
    // Nothing secret goes over a connection that others can read.
    const isPlain = this.#config.getCurrentCluster()?.server.startsWith('http:');
    return {
      ...others,
      ...(authorization && !isPlain ? { Authorization: authorization } : {}),
      ...(impersonation ? impersonationHeaders(impersonation) : {}),
    };
  }

  async #noticeTokenFile(): Promise<void> {
    const provider: { config?: { tokenFile?: string } } | undefined =
      this.#config.getCurrentUser()?.authProvider;
    const path = provider?.config?.tokenFile;
    if (!path) return;
    const { mtimeMs } = await stat(path);
    if (this.#tokenStamp && mtimeMs !== this.#tokenStamp) this.#dropCaches();
    this.#tokenStamp = mtimeMs;
  }

  /** The caches of client-node's authenticators are private; a new KubeConfig begins with empty ones. */
  #dropCaches(): void {
    const { clusters, users, contexts, currentContext } = this.#config;
    this.#config = new KubeConfig();
    this.#config.loadFromOptions({ clusters, users, contexts, currentContext });
  }
}
