/** The processes of a sandbox's servers, killed and frozen as a machine would. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { SandboxFacts } from '../../sandbox/index.ts';
import type { GuardedProcess } from '../../sandbox/guarded-process.ts';
import { startGuarded } from '../../sandbox/guarded-process.ts';
import { eventually } from '../../testing/eventually.ts';

export type ServerName = 'kube-apiserver' | 'temporal';

/** Of one sandbox. A server that was killed is started again with the arguments it had. */
export class Servers implements AsyncDisposable {
  readonly #directory: string;
  readonly #pids: Map<string, number>;
  readonly #restarted = new Map<ServerName, GuardedProcess>();

  constructor({ directory, pids }: SandboxFacts) {
    this.#directory = directory;
    this.#pids = new Map(Object.entries(pids));
  }

  freeze(name: ServerName): void {
    process.kill(this.#pidOf(name), 'SIGSTOP');
  }

  thaw(name: ServerName): void {
    process.kill(this.#pidOf(name), 'SIGCONT');
  }

  /** `kill -9`, and the same program anew. What it kept in memory is gone: all of it, for Temporal. */
  async restart(name: ServerName): Promise<void> {
    const pid = this.#pidOf(name);
    const [command = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    await this.#end(name, pid);
    const started = startGuarded({
      name,
      command,
      args,
      logFile: path.join(this.#directory, `${name}.log`),
      directory: this.#directory,
      env: { GOGC: '400' },
    });
    this.#restarted.set(name, started);
    this.#pids.set(name, started.pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Array.from(this.#restarted.values(), (each) => each.kill()));
  }

  async #end(name: ServerName, pid: number): Promise<void> {
    const known = this.#restarted.get(name);
    if (known) return known.kill();
    process.kill(pid, 'SIGKILL');
    // Its port is free when it is gone.
    await eventually(`${name} is gone`, () => !existsSync(`/proc/${pid}`));
  }

  #pidOf(name: ServerName): number {
    const pid = this.#pids.get(name);
    if (pid === undefined) throw new Error(`the sandbox has no ${name}`);
    return pid;
  }
}
