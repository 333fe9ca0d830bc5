import { countRequests, type RequestCounts } from './requests.ts';
import type { ClusterApi } from '../sandbox/cluster-api.ts';
import { cpuSecondsOf } from './process-usage.ts';

/** What a phase took beside time. Plain JSON. */
export interface Cost {
  /** Processor seconds by process. */
  readonly cpuSeconds: Readonly<Record<string, number>>;
  /** Requests to the API server by verb and resource, watches aside; whoever sent them. */
  readonly requests: RequestCounts;
}

/** Reads what processes and the API server have done so far, and tells what a phase added. */
export class Meter {
  readonly #api: ClusterApi;
  readonly #pids: Readonly<Record<string, number>>;

  /** @param pids of the processes, by what they are called. */
  constructor(api: ClusterApi, pids: Readonly<Record<string, number>>) {
    this.#api = api;
    this.#pids = pids;
  }

  async of<Result>(phase: () => Promise<Result>): Promise<{ readonly result: Result; readonly cost: Cost }> {
    const requestsBefore = await countRequests(this.#api);
    const cpuBefore = this.#cpuSeconds();
    const result = await phase();
    const cpuAfter = this.#cpuSeconds();
    const requestsAfter = await countRequests(this.#api);
    return {
      result,
      cost: {
        cpuSeconds: differenceOf(cpuBefore, cpuAfter),
        requests: differenceOf(requestsBefore, requestsAfter),
      },
    };
  }

  #cpuSeconds(): Record<string, number> {
    return Object.fromEntries(
      Object.entries(this.#pids).map(([name, pid]) => [name, cpuSecondsOf(pid) ?? 0]),
    );
  }
}

/** What has grown, by how much. */
export function differenceOf(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Record<string, number> {
  const grown = Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)] as const);
  return Object.fromEntries(
    grown.filter(([, value]) => value > 0).map(([name, value]) => [name, Math.round(value * 100) / 100]),
  );
}
