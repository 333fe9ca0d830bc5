/** The servers that the program needs, killed and frozen as a machine would, and started again as their supervisors would. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { SandboxFacts } from '../../sandbox/index.ts';
import type { GuardedOptions } from '../../sandbox/guarded-process.ts';
import { startGuarded } from '../../sandbox/guarded-process.ts';
import { eventually } from '../../testing/eventually.ts';

export type ServerName = 'kube-apiserver' | 'temporal' | 'postgres';

interface Server {
  readonly pid: number;
  readonly again: GuardedOptions;
  kill(): Promise<void>;
}

/** One that ends at once, since what it needs is not there yet, is tried again after so long. */
const AGAIN_MS = 200;

export class Servers implements AsyncDisposable {
  readonly #servers = new Map<string, Server>();
  readonly #started: { kill(): Promise<void> }[] = [];
  #over = false;

  /** Those of a sandbox. */
  constructor({ directory, pids }: Pick<SandboxFacts, 'directory' | 'pids'>) {
    for (const [name, pid] of Object.entries(pids))
      if (name !== 'owner')
        this.#servers.set(name, {
          pid,
          again: optionsOf(name, pid, directory),
          kill: () => killed(name, pid),
        });
  }

  /** Starts one, and again whenever it ends. */
  run(options: GuardedOptions): void {
    const started = startGuarded(options);
    const { name } = options;
    this.#started.push(started);
    this.#servers.set(name, { pid: started.pid, again: options, kill: () => started.kill() });
    void started.ended
      .then(() => delay(AGAIN_MS))
      .then(() => {
        if (!this.#over && this.#servers.get(name)?.pid === started.pid) this.run(options);
      });
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
    this.#over = true;
    await Promise.all(this.#started.map((each) => each.kill()));
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
  await eventually(`${name} is gone`, () => !existsSync(`/proc/${pid}`));
}
