/**
 * Processes that cannot outlive the one that started them, however that one ends. Each leads a process group of its own, in
 * which a shell waits for the end of a pipe that only the starter holds open: when the starter is gone, even by `kill -9`,
 * the shell kills the group.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { SandboxError } from './sandbox-error.ts';

export interface GuardedProcess {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when it has ended, with how it did. */
  readonly ended: Promise<string>;
  /** Kills it and waits for its end. Nothing it holds is worth a graceful end. */
  kill(): Promise<void>;
}

export interface GuardedOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly logFile: string;
  readonly directory: string;
  readonly env?: Readonly<Record<string, string>>;
}

const GUARD = 'exec 3<&0; (read -r _ <&3; kill -KILL 0) >/dev/null 2>&1 & exec "$0" "$@" 3<&- </dev/null';

/** Starts a component that serves until it is killed. */
export function startGuarded({ name, logFile, ...rest }: GuardedOptions): GuardedProcess {
  const output = openSync(logFile, 'a', 0o600);
  try {
    const { pid, ended, kill } = spawnGuarded({ env: {}, ...rest, output });
    return { name, pid, logFile, ended, kill };
  } finally {
    closeSync(output);
  }
}

export interface SpawnOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly directory: string;
  /** Beside this process's own; undefined takes a variable away. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** An open file, or streams to read. */
  readonly output: number | 'pipe';
}

export interface Spawned {
  readonly pid: number;
  readonly child: ChildProcess;
  readonly streams: readonly Readable[];
  readonly ended: Promise<string>;
  kill(): Promise<void>;
}

export function spawnGuarded({ command, args, directory, env, output }: SpawnOptions): Spawned {
  const child = spawn('/bin/sh', ['-c', GUARD, command, ...args], {
    cwd: directory,
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['pipe', output, output],
  });
  const { pid } = child;
  if (pid === undefined) throw new SandboxError(`${command}: /bin/sh could not be started`);

  const ended = endOf(child).finally(() => killGroup(pid));
  const kill = async (): Promise<void> => {
    killGroup(pid);
    await ended;
  };
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
  return { pid, child, streams, ended, kill };
}

/** The last lines of what it wrote, for an error message. */
export function logTail(logFile: string, lines = 5): string {
  return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
}

const JANITOR = 'read -r _; sleep 0.1; rm -rf -- "$@"';

/** Removes the paths when asked to, or when the process that started it is gone. */
export function startJanitor(paths: readonly string[]): () => Promise<void> {
  const child = spawn('/bin/sh', ['-c', JANITOR, 'janitor', ...paths], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = endOf(child);
  child.unref();
  return async () => {
    child.ref();
    child.stdin.end();
    await ended;
  };
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) =>
      resolve(signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`),
    );
  });
}

/** The group's number stays taken until its last process is gone, so this never reaches a stranger. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
