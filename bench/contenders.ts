import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { freePorts } from '../sandbox/free-ports.ts';
import { startGuarded, type GuardedProcess } from '../sandbox/guarded-process.ts';
import type { Sandbox } from '../sandbox/index.ts';
import { waitUntil } from '../sandbox/wait-until.ts';
import { peerProgram } from './peer-program.ts';
import type { ContenderName } from './settings.ts';

export interface Contender extends AsyncDisposable {
  readonly pid: number;
  /** Where it tells of its health and its metrics; 0 for one that does not. */
  readonly healthPort: number;
  /** Gone with the sandbox. */
  readonly logFile: string;
}

export interface ContenderOptions {
  readonly sandbox: Sandbox;
  readonly signal: AbortSignal;
  readonly profile?: string;
  /** The module of the operator that ours runs. @defaultValue that of Pinot */
  readonly operator?: string;
  /** More of the command line of ours. */
  readonly flags?: readonly string[];
}

const READY_MS = 60_000;

/** Starts an operator as its users run it, in a process of its own, and answers when it watches and reconciles. */
export function startContender(name: ContenderName, options: ContenderOptions): Promise<Contender> {
  return name === 'ours' ? startOurs(options) : startPeer(options);
}

export async function startOurs({
  sandbox,
  signal,
  profile,
  operator = '../examples/pinot/operator.ts',
  flags = [],
}: ContenderOptions): Promise<Contender> {
  const [port = 0] = await freePorts(1);
  const program = startGuarded({
    name: 'durable-operator',
    command: process.execPath,
    args: [
      // As the image runs it.
      '--max-semi-space-size=16',
      '--max-old-space-size=512',
      `--import=${fileOf('../worker/lean-workflow-thread.ts')}`,
      '--conditions=source',
      ...(profile ? ['--cpu-prof', `--cpu-prof-dir=${path.resolve(profile)}`] : []),
      ...[fileOf('../cli/main.ts'), 'run', fileOf(operator)],
      ...['--kubeconfig', sandbox.kubeconfig, '--temporal-address', sandbox.temporal.address],
      ...['--health-port', String(port), ...flags],
    ],
    logFile: path.join(sandbox.directory, 'durable-operator.log'),
    directory: fileOf('..'),
  });
  await waitUntil(() => isReady(port), waiting(program, signal));
  const stop = async (): Promise<void> => {
    // Only a process that ends by itself writes its profile.
    if (profile) process.kill(program.pid, 'SIGTERM');
    else await program.kill();
    await program.ended;
  };
  return { pid: program.pid, healthPort: port, logFile: program.logFile, [Symbol.asyncDispose]: stop };
}

async function startPeer({ sandbox, signal }: ContenderOptions): Promise<Contender> {
  const program = startGuarded({
    name: 'peer',
    command: await peerProgram(signal),
    args: [],
    logFile: path.join(sandbox.directory, 'peer.log'),
    directory: sandbox.directory,
    env: { KUBECONFIG: sandbox.kubeconfig, GOGC: '400' },
  });
  const works = (): true | undefined =>
    existsSync(program.logFile) && readFileSync(program.logFile, 'utf8').includes('Starting workers')
      ? true
      : undefined;
  await waitUntil(works, waiting(program, signal));
  return {
    pid: program.pid,
    healthPort: 0,
    logFile: program.logFile,
    [Symbol.asyncDispose]: () => program.kill(),
  };
}

function waiting(program: GuardedProcess, signal: AbortSignal): Parameters<typeof waitUntil>[1] {
  return { state: 'ready', process: program, timeoutMs: READY_MS, signal };
}

async function isReady(port: number): Promise<true | undefined> {
  try {
    const { statusCode, body } = await request(`http://127.0.0.1:${port}/readyz`);
    await body.dump();
    return statusCode === 200 ? true : undefined;
  } catch {
    // Nobody listens yet; that it never does is told by the timeout and the process's log.
    return undefined;
  }
}

function fileOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
