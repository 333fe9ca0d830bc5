import type { Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from './metrics.ts';

/** How one part of the program is. */
export interface PartHealth {
  readonly name: string;
  /** It cannot recover by itself. */
  readonly isDead: boolean;
  /** It can do its work now. */
  readonly isReady: boolean;
  readonly detail: unknown;
}

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * `/healthz` answers 200 while the process should live, `/readyz` while it does its work; the body tells of each part.
 * `/metrics` is for Prometheus.
 */
export async function startHealthServer(
  port: number,
  parts: () => readonly PartHealth[],
  metrics: Metrics,
): Promise<HealthServer> {
  const server = createServer((request, response) => {
    if (request.url === '/metrics') return void answerMetrics(metrics, response);
    const now = parts();
    const answers: Readonly<Record<string, boolean>> = {
      '/healthz': now.every(({ isDead }) => !isDead),
      '/readyz': now.every(({ isReady }) => isReady),
    };
    const isWell = answers[request.url ?? ''];
    response.writeHead(isWell === undefined ? 404 : isWell ? 200 : 503, {
      'content-type': 'application/json',
    });
    response.end(
      isWell === undefined ? '{"paths":["/healthz","/readyz","/metrics"]}\n' : `${JSON.stringify(now)}\n`,
    );
  });
  await listen(server, port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

async function answerMetrics({ text, contentType }: Metrics, response: ServerResponse): Promise<void> {
  try {
    const body = await text();
    response.writeHead(200, { 'content-type': contentType }).end(body);
  } catch (error) {
    response.writeHead(500, { 'content-type': 'text/plain' }).end(`${String(error)}\n`);
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, resolve);
  });
}
