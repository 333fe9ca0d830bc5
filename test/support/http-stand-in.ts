/** A server for tests: it answers as a handler says, and fails between the wire and the handler as a test says. */
import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { eventually } from '../../testing/eventually.ts';

export interface Call {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Parsed; undefined when there is none. */
  readonly body: unknown;
}

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  /** In the place of a body in JSON. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Handler = (call: Call) => Reply;

export type Fault =
  /** Says no, and does nothing. */
  | { readonly kind: 'refuse'; readonly reply: Reply }
  /** The connection breaks: before anything was done, or after it was done and before the answer. */
  | { readonly kind: 'cut'; readonly when: 'before' | 'after' }
  /** Does it, and answers when the test lets it. */
  | { readonly kind: 'hold'; readonly until: Promise<unknown> };

/** Calls that are carried out and not answered. */
export interface Held {
  /** Resolves when every one of these is. */
  underWay(...calls: readonly string[]): Promise<void>;
  /** Answers them; later ones are held again. */
  letGo(): void;
}

/** Longer than it takes to notice that a worker died, and to begin again. */
const HELD_WITHIN_MS = 90_000;

export class HttpStandIn implements AsyncDisposable {
  /** `POST /tables`, in the order in which they arrived. */
  readonly calls: string[] = [];
  /** Asked about every call; undefined: it goes well. */
  fault: (call: Call) => Fault | undefined = () => undefined;
  readonly #handler: Handler;
  readonly #server: Server;
  #port = 0;

  private constructor(handler: Handler) {
    this.#handler = handler;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async open(handler: Handler): Promise<HttpStandIn> {
    const standIn = new HttpStandIn(handler);
    await standIn.comeBack();
    return standIn;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Nobody listens any more. */
  async goAway(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Listens again, where it did. */
  async comeBack(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.goAway();
  }

  /** Carries out each of these calls, and answers it for the first time when it is let go. */
  holding(...calls: readonly string[]): Held {
    const held = new Set<string>();
    let released = Promise.withResolvers<void>();
    this.fault = ({ method, path }) => {
      const call = `${method} ${path}`;
      if (!calls.includes(call) || held.has(call)) return undefined;
      held.add(call);
      return { kind: 'hold', until: released.promise };
    };
    return {
      async underWay(...these) {
        const all = (): boolean => these.every((call) => held.has(call));
        await eventually(`${these.join(', ')} are under way`, all, { timeoutMs: HELD_WITHIN_MS });
      },
      letGo() {
        released.resolve();
        released = Promise.withResolvers();
      },
    };
  }

  /** How often calls arrived that begin so. */
  count(beginning: string): number {
    return this.calls.filter((call) => call.startsWith(beginning)).length;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = await readCall(request);
    this.calls.push(`${call.method} ${call.path}`);
    const fault = this.fault(call);
    if (fault?.kind === 'refuse') return send(response, fault.reply);
    if (fault?.kind === 'cut' && fault.when === 'before') return void request.socket.destroy();
    const reply = this.#handler(call);
    if (fault?.kind === 'cut') return void request.socket.destroy();
    if (fault?.kind === 'hold') await fault.until;
    send(response, reply);
  }
}

async function readCall(request: IncomingMessage): Promise<Call> {
  const { method = 'GET', url = '/', headers } = request;
  const { pathname, searchParams } = new URL(url, 'http://stand-in');
  const hasBody = Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined;
  return {
    method,
    path: decodeURIComponent(pathname),
    query: searchParams,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value?.toString()])),
    body: hasBody ? await json(request) : undefined,
  };
}

function send(response: ServerResponse, { status, body, text, headers }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(text ?? (body === undefined ? '' : JSON.stringify(body)));
}
