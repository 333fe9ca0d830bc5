/** What the programs use while they are under fault for long: memory and sockets of each, workflows and their events. */
import { readdir, readFile } from 'node:fs/promises';
import { Client, Connection } from '@temporalio/client';
import type { FaultWorld } from './fault-world.ts';

export interface Use {
  readonly minute: number;
  /** Of the biggest program, in MiB. */
  readonly residentMib: number;
  readonly sockets: number;
  readonly workflows: number;
  /** Of the longest history. */
  readonly events: number;
}

const MUST_BE_FLAT = ['residentMib', 'sockets', 'workflows'] as const;
/** Of what is measured at different moments of rounds, which differ. */
const MOST_GROWTH = { factor: 1.15, more: 5 };

export class Soak {
  readonly #minutes: number;
  readonly #say: (line: string) => void;
  readonly #began = performance.now();
  readonly #uses: Use[] = [];
  #looking: Promise<void> = Promise.resolve();

  constructor(minutes: number, say: (line: string) => void) {
    this.#minutes = minutes;
    this.#say = say;
  }

  goesOn(): boolean {
    return this.#minute < this.#minutes;
  }

  /** Looks at what is used now, beside the run. */
  look(world: FaultWorld): void {
    this.#looking = this.#looking
      .then(async () => void this.#uses.push(await this.#useOf(world)))
      // A program that was just killed has no numbers, and the next look will.
      .catch((error: unknown) => this.#say(`not measured: ${String(error)}`));
  }

  async tell(): Promise<void> {
    await this.#looking;
    this.#say('minute  MiB  sockets  workflows  longest history');
    const step = Math.max(1, Math.floor(this.#uses.length / 30));
    for (const [index, use] of this.#uses.entries())
      if (index % step === 0)
        this.#say(
          Object.values(use)
            .map((value) => String(value).padStart(6))
            .join('  '),
        );
  }

  /** What grew from the second quarter of the run to the last one, in words. The first is for caches to fill. */
  get growths(): readonly string[] {
    return MUST_BE_FLAT.flatMap((name) => {
      const quarter = (from: number): number =>
        median(
          this.#uses
            .slice(Math.floor(from * this.#uses.length), Math.ceil((from + 0.25) * this.#uses.length))
            .map((use) => use[name]),
        );
      const [before, after] = [quarter(0.25), quarter(0.75)];
      return after > before * MOST_GROWTH.factor + MOST_GROWTH.more
        ? [`${name} grew from ${before} to ${after}`]
        : [];
    });
  }

  get #minute(): number {
    return (performance.now() - this.#began) / 60_000;
  }

  async #useOf({ programs, temporalAddress }: FaultWorld): Promise<Use> {
    const pids = programs.pids();
    const [resident, sockets] = [
      await Promise.all(pids.map(residentMib)),
      await Promise.all(pids.map(socketsOf)),
    ];
    const connection = await Connection.connect({ address: temporalAddress });
    try {
      const client = new Client({ connection });
      const ids: string[] = [];
      for await (const { workflowId } of client.workflow.list({
        query: 'WorkflowType="reconcile" AND ExecutionStatus="Running"',
      }))
        ids.push(workflowId);
      // A list tells the length of what has ended only.
      const described = await Promise.all(ids.map((id) => client.workflow.getHandle(id).describe()));
      return {
        minute: Math.round(this.#minute),
        residentMib: Math.max(...resident),
        sockets: Math.max(...sockets),
        workflows: ids.length,
        events: Math.max(0, ...described.map(({ historyLength }) => historyLength)),
      };
    } finally {
      await connection.close();
    }
  }
}

async function residentMib(pid: number): Promise<number> {
  const [, kib] = /VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kib) / 1024);
}

async function socketsOf(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
