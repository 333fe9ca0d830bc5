/** The command line as its users run it: a process of its own. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnGuarded } from '../../sandbox/guarded-process.ts';
import { eventually } from '../../testing/eventually.ts';

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url));

const COMMAND = ['--conditions=source', 'cli/main.ts'];

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What is other than for a person in a checkout. */
export interface Surroundings {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Of Node, before the arguments of the program. */
  readonly command?: readonly string[];
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
}

/** Says nothing of the machine's own cluster or Temporal, and a terminal of a known width. */
function environment(): Readonly<Record<string, string | undefined>> {
  const { NODE_COMPILE_CACHE } = process.env;
  const telling = Object.keys(process.env).filter((name) => /^(KUBE|TEMPORAL_|NODE_|POD_NAME)/.test(name));
  return {
    ...Object.fromEntries(telling.map((name) => [name, undefined])),
    // Compiled code of the run is no fact of the machine, and spares every start half a second.
    ...(NODE_COMPILE_CACHE ? { NODE_COMPILE_CACHE: path.resolve(NODE_COMPILE_CACHE) } : {}),
    NO_COLOR: '1',
    COLUMNS: '100',
    HOME: '/nonexistent',
  };
}

export class Program implements AsyncDisposable {
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  readonly #said = { stdout: '', stderr: '' };

  private constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of ['stdout', 'stderr'] as const)
      this.#child[stream]?.setEncoding('utf8').on('data', (text: string) => {
        this.#said[stream] += text;
      });
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => resolve({ code, signal, ...this.#said }));
    });
  }

  static start(...args: readonly string[]): Program {
    return Program.startIn({}, ...args);
  }

  static startIn({ env, command = COMMAND, ...place }: Surroundings, ...args: readonly string[]): Program {
    const child = spawn(process.execPath, [...command, ...args], {
      cwd: ROOT,
      ...place,
      env: { ...process.env, ...environment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new Program(child);
  }

  /** Ends, with all that it starts, when this process does, however that ends. */
  static startGuarded(...args: readonly string[]): Program {
    const { child } = spawnGuarded({
      command: process.execPath,
      args: [...COMMAND, ...args],
      directory: ROOT,
      env: environment(),
      output: 'pipe',
    });
    return new Program(child);
  }

  /** How it ended, of a command that ends by itself. */
  static run(...args: readonly string[]): Promise<Ending> {
    return Program.start(...args).ended;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it has said on standard error so far. */
  get stderr(): string {
    return this.#said.stderr;
  }

  /** The first line of its log with this message; fails when the program ends before. */
  async logged(message: string): Promise<Readonly<Record<string, unknown>>> {
    return eventually(
      `the program logs "${message}"`,
      () => {
        const line = this.#lines().find((each) => each['msg'] === message);
        if (!line && this.#child.exitCode !== null)
          throw new Error(`it ended with ${this.#child.exitCode}: ${this.#said.stderr}`);
        return line;
      },
      { timeoutMs: 60_000 },
    );
  }

  #lines(): Readonly<Record<string, unknown>>[] {
    return this.#said.stderr
      .split('\n')
      .slice(0, -1)
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  }

  /** Asks it to end, and answers how it did. */
  end(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ending> {
    this.#child.kill(signal);
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.end('SIGKILL');
  }
}
