/**
 * The servers that the program needs, killed and frozen as a machine would, and started again as their supervisors would. Some
 * end by themselves: a scheduler whose cache contradicts what the API server tells after its return does, and no pod gets a node
 * until a kubelet starts it again.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { SandboxFacts } from '../../sandbox/index.ts';
import type { GuardedOptions, GuardedProcess } from '../../sandbox/guarded-process.ts';
import { startGuarded } from '../../sandbox/guarded-process.ts';
import { isAlive } from '../../sandbox/lock.ts';
import { eventually } from '../../testing/eventually.ts';

export type ServerName = 'kube-apiserver' | 'temporal' | 'postgres';

interface Server {
  readonly pid: number;
  readonly again: GuardedOptions;
  kill(): Promise<void>;
}

const LOOK_EVERY_MS = 200;

export class Servers implements AsyncDisposable {
  readonly #servers = new Map<string, Server>();
  readonly #started: GuardedProcess[] = [];
  readonly #supervision: NodeJS.Timeout;

  /** Those of a sandbox. */
  constructor({ directory, pids }: Pick<SandboxFacts, 'directory' | 'pids'>) {
    for (const [name, pid] of Object.entries(pids))
      if (name !== 'owner')
        this.#servers.set(name, {
          pid,
          again: optionsOf(name, pid, directory),
          kill: () => killed(name, pid),
        });
    this.#supervision = setInterval(() => this.#startAgain(), LOOK_EVERY_MS);
  }

  /** Starts one, and again whenever it ends. */
  run(options: GuardedOptions): void {
    const started = startGuarded(options);
    this.#started.push(started);
    this.#servers.set(options.name, { pid: started.pid, again: options, kill: () => started.kill() });
  }

  /** Process ids, as they are now. */
  get pids(): Readonly<Record<string, number>> {
    return Object.fromEntries(Array.from(this.#servers, ([name, { pid }]) => [name, pid]));
  }

  freeze(name: ServerName): void {
    process.kill(this.#named(name).pid, 'SIGSTOP');
  }

  thaw(name: ServerName): void {
    process.kill(this.#named(name).pid, 'SIGCONT');
  }

  /** `kill -9`, and the same program anew. What it kept in memory is gone. */
  async restart(name: ServerName): Promise<void> {
    const server = this.#named(name);
    await server.kill();
    if (this.#servers.get(name) === server) this.run(server.again);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#supervision);
    await Promise.all(this.#started.map((each) => each.kill()));
  }

  #startAgain(): void {
    for (const { pid, again } of this.#servers.values()) if (!isAlive(pid)) this.run(again);
  }

  #named(name: ServerName): Server {
    const server = this.#servers.get(name);
    if (!server) throw new Error(`there is no ${name}`);
    return server;
  }
}

function optionsOf(name: string, pid: number, directory: string): GuardedOptions {
  const [command = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  const logFile = path.join(directory, `${name}.log`);
  return { name, command, args, logFile, directory, env: { GOGC: '400' } };
}

async function killed(name: string, pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  // Its port is free when it is gone.
  await eventually(`${name} is gone`, () => !isAlive(pid));
}
