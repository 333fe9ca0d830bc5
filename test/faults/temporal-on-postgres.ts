/**
 * Temporal's server on PostgreSQL, as `docker-compose.yml` runs both: what it was told outlives its death, which the history
 * of the development server does not. Built from its Go module on first use, which takes some minutes.
 */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { parse } from 'yaml';
import { cachedProgram } from '../../sandbox/cached-program.ts';
import { onPath } from '../../sandbox/places.ts';
import type { Report } from '../../sandbox/progress.ts';
import { runProgram } from '../../sandbox/run-program.ts';
import { SandboxError } from '../../sandbox/sandbox-error.ts';
import { eventually } from '../../testing/eventually.ts';
import { createTemporalNamespace } from '../support/temporal-namespace.ts';
import { POSTGRES_USER, startPostgres } from './postgres.ts';
import type { Servers } from './servers.ts';

const VERSION = 'v1.32.0';
const SQL_TOOL = 'temporal-sql-tool';
const BUILD_MS = 40 * 60_000;
const SCHEMA_MS = 60_000;
const DATABASES = { temporal: 'temporal', visibility: 'temporal_visibility' } as const;

export interface TemporalOnPostgres {
  readonly address: string;
  clean(): Promise<void>;
}

export interface TemporalOptions {
  readonly servers: Servers;
  /** For logs and configuration. */
  readonly directory: string;
  readonly report: Report;
}

/** Resolves when its namespace is served. */
export async function startTemporalOnPostgres({
  servers,
  directory,
  report,
}: TemporalOptions): Promise<TemporalOnPostgres> {
  const program = await temporalServerProgram(report);
  const { port, clean } = await startPostgres(servers, directory);
  await createSchemas(path.join(path.dirname(program), SQL_TOOL), port);
  const ports = await lowPorts(8);
  const file = path.join(directory, 'temporal.yaml');
  const dynamic = path.join(directory, 'temporal-dynamic.yaml');
  // JSON is YAML too.
  writeFileSync(file, JSON.stringify(configuration({ postgres: port, ports, dynamic })));
  writeFileSync(dynamic, dynamicConfig());
  servers.run({
    name: 'temporal',
    command: program,
    args: ['--config-file', file, '--allow-no-auth', 'start'],
    logFile: path.join(directory, 'temporal.log'),
    directory,
    env: { GOGC: '400' },
  });
  const address = `127.0.0.1:${ports[0]}`;
  await createTemporalNamespace(address, 'default');
  return { address, clean };
}

/** What the Compose file tells it. */
function dynamicConfig(): string {
  const file = new URL('../../docker-compose.yml', import.meta.url);
  const { configs } = parse(readFileSync(file, 'utf8'), { merge: true });
  return configs['temporal-dynamic'].content;
}

/** Its path, with `temporal-sql-tool` beside it. */
export function temporalServerProgram(report: Report): Promise<string> {
  const name = 'temporal-server';
  const version = `${VERSION}-${process.platform}-${process.arch}`;
  return cachedProgram(
    { name, version, make: (file, directory) => build(file, directory, report) },
    { report },
  );
}

async function build(file: string, directory: string, report: Report): Promise<void> {
  const go = onPath('go');
  if (go === undefined) throw new SandboxError('Temporal is built from source and needs Go on the PATH');
  report('temporal-server', `building ${VERSION}, once; about four minutes on 2 cores`);
  const module = 'go.temporal.io/server';
  const commands = [`${module}/cmd/server@${VERSION}`, `${module}/cmd/tools/sql@${VERSION}`];
  const env = { GOBIN: directory, GOTMPDIR: directory };
  await runProgram(go, ['install', '-trimpath', ...commands], { timeoutMs: BUILD_MS, env });
  copyFileSync(path.join(directory, 'server'), file);
  copyFileSync(path.join(directory, 'sql'), path.join(path.dirname(file), SQL_TOOL));
}

async function createSchemas(tool: string, port: number): Promise<void> {
  const server = ['--plugin', 'postgres12', '--ep', '127.0.0.1', '-p', String(port), '-u', POSTGRES_USER];
  for (const [schema, database] of Object.entries(DATABASES)) {
    const run = (...args: readonly string[]): Promise<void> =>
      runProgram(tool, [...server, '--db', database, ...args], { timeoutMs: SCHEMA_MS });
    await eventually('PostgreSQL serves', async () => {
      await run('create-database');
      return true;
    });
    await run('setup-schema', '-v', '0.0');
    await run('update-schema', '--schema-name', `postgresql/v12/${schema}`);
  }
}

/** Its database keeps a port in 15 bits, and the ports that a system gives away lie above. */
async function lowPorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const server = createServer().listen(randomInt(15_000, 2 ** 15), '127.0.0.1');
    try {
      await once(server, 'listening');
      const address = server.address();
      if (typeof address === 'object' && address) ports.add(address.port);
    } catch {
      // Somebody listens there.
    } finally {
      server.close();
    }
  }
  return [...ports];
}

interface Places {
  readonly postgres: number;
  readonly ports: readonly number[];
  readonly dynamic: string;
}

function configuration({ postgres, ports, dynamic }: Places): object {
  const [frontend = 0, ...others] = ports;
  const store = (databaseName: string, maxConns: number): object => ({
    sql: {
      pluginName: 'postgres12',
      databaseName,
      connectAddr: `127.0.0.1:${postgres}`,
      connectProtocol: 'tcp',
      user: POSTGRES_USER,
      password: '',
      maxConns,
      maxIdleConns: maxConns,
      maxConnLifetime: '1h',
    },
  });
  const service = (grpcPort: number | undefined, membershipPort: number | undefined): object => ({
    rpc: { grpcPort, membershipPort, bindOnLocalHost: true },
  });
  return {
    log: { stdout: true, level: 'error' },
    persistence: {
      defaultStore: 'default',
      visibilityStore: 'visibility',
      numHistoryShards: 4,
      datastores: { default: store(DATABASES.temporal, 20), visibility: store(DATABASES.visibility, 5) },
    },
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' } },
    services: {
      frontend: service(frontend, others[0]),
      history: service(others[1], others[2]),
      matching: service(others[3], others[4]),
      worker: service(others[5], others[6]),
    },
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: {
          enabled: true,
          initialFailoverVersion: 1,
          rpcName: 'frontend',
          rpcAddress: `127.0.0.1:${frontend}`,
        },
      },
    },
    dcRedirectionPolicy: { policy: 'noop' },
    dynamicConfigClient: { filepath: dynamic, pollInterval: '1m' },
  };
}
