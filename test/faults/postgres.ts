/** PostgreSQL as its packages install it, with data of its own that goes when this process does. */
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePorts } from '../../sandbox/free-ports.ts';
import { startJanitor } from '../../sandbox/guarded-process.ts';
import { onPath } from '../../sandbox/places.ts';
import { runProgram } from '../../sandbox/run-program.ts';
import { SandboxError } from '../../sandbox/sandbox-error.ts';
import type { Servers } from './servers.ts';

/** Also its superuser, whom it believes without a password: it listens on this machine only. */
export const POSTGRES_USER = 'temporal';
/** Where Debian installs its versions, each in a directory of its own. */
const DEBIAN = '/usr/lib/postgresql';
const INIT_MS = 60_000;

export interface Postgres {
  readonly port: number;
  /** Removes its data. */
  clean(): Promise<void>;
}

/** Answers when it has been started; it may not listen yet. */
export async function startPostgres(servers: Servers, logs: string): Promise<Postgres> {
  const bin = programs();
  const [port = 0] = await freePorts(1);
  const directory = mkdtempSync(path.join(tmpdir(), 'durable-operator-postgres-'));
  const clean = startJanitor([directory]);
  const user = unprivileged(directory);
  const data = path.join(directory, 'data');
  const init = ['-D', data, '-U', POSTGRES_USER, '-A', 'trust', '-E', 'UTF8', '--locale', 'C', '--no-sync'];
  await runProgram(...user(path.join(bin, 'initdb'), init), { timeoutMs: INIT_MS, directory });
  const flags = ['-D', data, '-h', '127.0.0.1', '-p', String(port), '-c', 'unix_socket_directories='];
  const [command, args] = user(path.join(bin, 'postgres'), flags);
  servers.run({ name: 'postgres', command, args, directory, logFile: path.join(logs, 'postgres.log') });
  return { port, clean };
}

function programs(): string {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).toSorted((a, b) => Number(b) - Number(a)) : [];
  const places = [onPath('initdb'), ...versions.map((version) => path.join(DEBIAN, version, 'bin/initdb'))];
  const found = places.find((file) => file !== undefined && existsSync(file));
  if (found === undefined)
    throw new SandboxError(
      'there is no PostgreSQL: install the package postgresql, or put its programs on the PATH',
    );
  return path.dirname(found);
}

/** It refuses to run as root. */
function unprivileged(
  directory: string,
): (program: string, args: readonly string[]) => [string, readonly string[]] {
  if (process.getuid?.() !== 0) return (program, args) => [program, args];
  const [uid, gid] = ['-u', '-g'].map((flag) =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' })),
  );
  chownSync(directory, uid ?? 0, gid ?? 0);
  return (program, args) => [
    'setpriv',
    [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', program, ...args],
  ];
}
