/** Answers as a Prometheus does, over real HTTP: what a query comes to is said by the test. */
import type { Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';

export class Prometheus implements AsyncDisposable {
  /** By query: the value of its one series, or the text that stands in its place. A query that is not here has no series. */
  readonly values: Map<string, number | string> = new Map();
  /** In the order in which they came. */
  readonly queries: string[] = [];
  /** By query: the credentials with which it was asked last. */
  readonly authorizations: Map<string, string | undefined> = new Map();
  isDown = false;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', ({ url, headers }, response) => {
      const asked = new URL(url ?? '/', 'http://prometheus');
      this.authorizations.set(asked.searchParams.get('query') ?? '', headers.authorization);
      this.#answer(asked, response);
    });
  }

  static open(): Promise<Prometheus> {
    const server = createServer();
    return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(new Prometheus(server))));
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
    return `http://127.0.0.1:${address.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer({ pathname, searchParams }: URL, response: ServerResponse): void {
    const query = searchParams.get('query');
    if (this.isDown) return void response.writeHead(503).end('Service Unavailable');
    if (pathname !== '/api/v1/query' || query === null)
      return void response.writeHead(404).end('404 page not found');
    this.queries.push(query);
    if (query.split('(').length > query.split(')').length)
      return refuse(response, 'unclosed left parenthesis');
    const value = this.values.get(query);
    const series = value === undefined ? [] : [{ metric: {}, value: [Date.now() / 1_000, String(value)] }];
    say(response, 200, { status: 'success', data: { resultType: 'vector', result: series } });
  }
}

function refuse(response: ServerResponse, error: string): void {
  say(response, 400, { status: 'error', errorType: 'bad_data', error: `1:1: parse error: ${error}` });
}

function say(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
