import { Agent, request, type Dispatcher } from 'undici';

export interface ClusterAccess {
  /** For example `https://127.0.0.1:34567`. */
  readonly server: string;
  readonly token: string;
  /** PEM */
  readonly ca: string;
}

export interface Answer {
  readonly code: number;
  readonly body: unknown;
}

export interface WatchEvent {
  readonly type: string;
  readonly object: unknown;
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
}

export const STRATEGIC_MERGE = 'application/strategic-merge-patch+json';
export const MERGE = 'application/merge-patch+json';

/** What the sandbox's own parts say to its API server, over a few connections that stay open. */
export class ClusterApi {
  readonly #access: ClusterAccess;
  readonly #agent: Agent;

  constructor(access: ClusterAccess) {
    this.#access = access;
    this.#agent = new Agent({
      connect: { ca: access.ca },
      connections: 16,
      allowH2: false,
      bodyTimeout: 0,
      headersTimeout: 30_000,
    });
  }

  /** Answers with any status code; throws only when there is no answer. */
  async call(call: Call): Promise<Answer> {
    const response = await this.#send(call);
    const text = await response.body.text();
    return { code: response.statusCode, body: parsed(text) };
  }

  /** Like {@link call}, and throws what the server said unless it agreed or gave one of the codes that are fine too. */
  async expect(call: Call, ...alsoFine: readonly number[]): Promise<Answer> {
    const answer = await this.call(call);
    if (answer.code < 300 || alsoFine.includes(answer.code)) return answer;
    throw new Error(`${call.method} ${call.path}: HTTP ${answer.code} ${sentence(answer.body)}`);
  }

  /** The events of one watch, until the server ends it. */
  async *watch(path: string, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    const response = await this.#send({ method: 'GET', path, signal });
    if (response.statusCode !== 200) {
      throw new Error(
        `GET ${path}: HTTP ${response.statusCode} ${sentence(parsed(await response.body.text()))}`,
      );
    }
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of response.body) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield JSON.parse(line);
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  #send(call: Call): Promise<Dispatcher.ResponseData> {
    return request(this.#access.server + call.path, {
      method: call.method,
      dispatcher: this.#agent,
      headers: {
        authorization: `Bearer ${this.#access.token}`,
        'content-type': call.contentType ?? 'application/json',
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
      ...(call.signal ? { signal: call.signal } : {}),
    });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function sentence(body: unknown): string {
  if (typeof body === 'object' && body !== null && 'message' in body) return String(body.message);
  return typeof body === 'string' ? body.slice(0, 200) : '';
}
