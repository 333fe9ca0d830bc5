/** Replicas of the program, each a process of its own, started again when it ends, as a kubelet would. */
import { Program } from '../e2e/program.ts';

export class Programs implements AsyncDisposable {
  readonly #args: readonly string[];
  readonly #running: Program[] = [];
  readonly #asked = new WeakSet<Program>();
  #stopping = false;
  /** How often one ended by itself, and what it said last. */
  readonly ends: string[] = [];
  /** That did not end in their time when they were asked to. */
  readonly stuck: string[] = [];
  /** Of those that are gone. */
  readonly #leaks: string[] = [];

  constructor(args: readonly string[], replicas: number) {
    this.#args = args;
    for (let index = 0; index < replicas; index++) this.#start(index);
  }

  get count(): number {
    return this.#running.length;
  }

  /** `kill -9`; the next one starts at once. */
  async kill(index: number): Promise<void> {
    await this.#at(index).end('SIGKILL');
  }

  /** `SIGTERM`, as a kubelet sends it; one that outlives its grace period is killed, and noted. */
  async terminate(index: number, graceMs: number): Promise<void> {
    const program = this.#at(index);
    this.#asked.add(program);
    const killer = setTimeout(() => {
      this.stuck.push(`a program asked to stop was still there after ${graceMs / 1_000} s`);
      process.kill(program.pid, 'SIGKILL');
    }, graceMs);
    await program.end('SIGTERM');
    clearTimeout(killer);
  }

  freeze(index: number): void {
    process.kill(this.#at(index).pid, 'SIGSTOP');
  }

  thaw(index: number): void {
    process.kill(this.#at(index).pid, 'SIGCONT');
  }

  pids(): readonly number[] {
    return this.#running.map(({ pid }) => pid);
  }

  /** What Node said of listeners that are added and never removed. */
  get leaks(): readonly string[] {
    return [...this.#leaks, ...this.#running.flatMap(({ stderr }) => leaksIn(stderr))];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running.map((program) => program[Symbol.asyncDispose]()));
  }

  #at(index: number): Program {
    const program = this.#running[index];
    if (!program) throw new Error(`there is no replica ${index}`);
    return program;
  }

  #start(index: number): void {
    const program = Program.startGuarded(...this.#args);
    this.#running[index] = program;
    void program.ended.then(({ signal, code, stderr }) => {
      this.#leaks.push(...leaksIn(stderr));
      if (signal !== 'SIGKILL' && !this.#asked.has(program))
        this.ends.push(`code ${code}: ${stderr.trimEnd().split('\n').at(-1)}`);
      if (!this.#stopping) this.#start(index);
    });
  }
}

function leaksIn(stderr: string): readonly string[] {
  return stderr.split('\n').filter((line) => line.includes('MaxListenersExceededWarning'));
}
