import { readCount, readMany, readNumber, readText } from '../core/health/read.ts';
import type { Manifest } from '../core/manifest.ts';
import type { WatchableApi } from '../kubernetes/api.ts';
import type { Watcher } from '../kubernetes/watcher.ts';
import { watchKind } from '../kubernetes/watcher.ts';

/** A StatefulSet, as far as a measurement looks at it. */
export interface Workload {
  readonly name: string;
  /** The name of the custom resource that owns it; empty for a stranger's. */
  readonly resource: string;
  readonly generation: number;
  readonly image: string;
  /** Every replica runs the newest template and is ready. */
  readonly isDone: boolean;
}

export interface Goal {
  /** For the error when it is not reached. */
  readonly what: string;
  readonly resources: readonly string[];
  readonly timeoutMs: number;
  isReached(workloads: readonly Workload[], resource: string): boolean;
}

/** Follows the workloads of all resources by one watch, so that looking costs the API server next to nothing. */
export class Workloads implements AsyncDisposable {
  readonly #watcher: Watcher<Workload>;
  readonly #byResource = new Map<string, Map<string, Workload>>();
  readonly #listeners = new Set<(resource: string) => void>();
  readonly #failed = Promise.withResolvers<never>();

  constructor(api: WatchableApi) {
    // Told to whoever waits; nobody may be waiting when it happens.
    this.#failed.promise.catch(() => undefined);
    this.#watcher = watchKind(api, {
      kind: { group: 'apps', kind: 'StatefulSet' },
      trim: workloadOf,
      onChange: ({ type, object }) => {
        const known = this.#byResource.get(object.resource) ?? new Map<string, Workload>();
        if (type === 'DELETED') known.delete(object.name);
        else known.set(object.name, object);
        this.#byResource.set(object.resource, known);
        for (const listener of this.#listeners) listener(object.resource);
      },
      onHandlerError: (error) => this.#failed.reject(error),
    });
  }

  get synced(): Promise<void> {
    return this.#watcher.synced;
  }

  of(resource: string): readonly Workload[] {
    return Array.from(this.#byResource.get(resource)?.values() ?? []);
  }

  /** Calls back after every change of a workload, until the answer is called. */
  onChange(listener: (resource: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** For every resource, the milliseconds from now until it reached the goal. */
  async reach(goal: Goal): Promise<number[]> {
    const began = performance.now();
    const left = new Set(goal.resources);
    const times: number[] = [];
    const reached = Promise.withResolvers<void>();
    const look = (resource: string): void => {
      if (!left.has(resource) || !goal.isReached(this.of(resource), resource)) return;
      left.delete(resource);
      times.push(performance.now() - began);
      if (left.size === 0) reached.resolve();
    };
    const end = this.onChange(look);
    const timer = setTimeout(() => reached.reject(missed(goal, [...left])), goal.timeoutMs);
    try {
      for (const resource of goal.resources) look(resource);
      await Promise.race([reached.promise, this.#failed.promise]);
      return times;
    } finally {
      end();
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watcher.stop();
  }
}

function missed({ what, timeoutMs, resources }: Goal, left: readonly string[]): Error {
  return new Error(
    `${what}: ${left.length} of ${resources.length} resources did not get there within ${timeoutMs / 1000} s, ${left[0]} among them`,
  );
}

function workloadOf(object: Manifest): Workload {
  const { name, generation = 0, ownerReferences = [] } = object.metadata;
  const { spec, status } = object;
  const replicas = readNumber(spec, 'replicas') ?? 1;
  const [container] = readMany(spec, 'template', 'spec', 'containers');
  return {
    name,
    resource: ownerReferences.find(({ kind }) => kind === 'Pinot')?.name ?? '',
    generation,
    image: readText(container, 'image'),
    isDone:
      readCount(status, 'observedGeneration') >= generation &&
      readCount(status, 'updatedReplicas') === replicas &&
      readCount(status, 'readyReplicas') === replicas,
  };
}
