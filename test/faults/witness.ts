/**
 * Sees what happens to the workloads by a watch of its own, straight at the API server, and holds it to the law of order:
 * the pod template of a stage changes only while every earlier stage of the same resource is Current.
 */
import { ANNOTATIONS, LABELS } from '../../core/labels.ts';
import type { Manifest } from '../../core/manifest.ts';
import type { WatchableApi } from '../../kubernetes/api.ts';
import type { Change, Watcher } from '../../kubernetes/watcher.ts';
import { watchKind } from '../../kubernetes/watcher.ts';

interface Workload {
  readonly uid: string;
  readonly name: string;
  readonly resource: string;
  readonly role: string;
  readonly template: string;
  readonly generation: number;
  readonly isCurrent: boolean;
}

interface Numbers {
  readonly generation: number;
  readonly replicas: number;
  readonly observedGeneration: number;
  readonly ready: number;
  readonly updated: number;
}

export class Witness {
  readonly #order: readonly string[];
  readonly #watcher: Watcher<Workload>;
  readonly #known = new Map<string, Workload>();
  readonly #violations: string[] = [];
  #rolled = 0;
  #changed = 0;

  constructor(api: WatchableApi, namespace: string, order: readonly string[]) {
    this.#order = order;
    this.#watcher = watchKind<Workload>(api, {
      kind: { group: 'apps', version: 'v1', kind: 'StatefulSet' },
      namespace,
      trim: workloadOf,
      onChange: (change) => this.#take(change),
      onHandlerError: (error) => this.#violations.push(String(error)),
    });
  }

  get synced(): Promise<void> {
    return this.#watcher.synced;
  }

  /** What broke the law, in words. */
  get violations(): readonly string[] {
    return this.#violations;
  }

  /** Changes of a pod template, and changes of anything in a spec, that were seen. */
  get counts(): { readonly rolled: number; readonly changed: number } {
    return { rolled: this.#rolled, changed: this.#changed };
  }

  stop(): Promise<void> {
    return this.#watcher.stop();
  }

  #take({ type, object, listed }: Change<Workload>): void {
    const before = this.#known.get(object.uid);
    if (type === 'DELETED') return void this.#known.delete(object.uid);
    this.#known.set(object.uid, object);
    if (before) this.#changed += object.generation - before.generation;
    if (!before || before.template === object.template) return;
    this.#rolled++;
    // A list shows what became of each object, and not what became of it before another.
    if (!listed) this.#judge(object);
  }

  #judge(rolled: Workload): void {
    const place = this.#order.indexOf(rolled.role);
    for (const other of this.#known.values())
      if (other.resource === rolled.resource && this.#order.indexOf(other.role) < place && !other.isCurrent)
        this.#violations.push(
          `${rolled.name} was rolled while ${other.name}, of an earlier stage, was not Current`,
        );
  }
}

function workloadOf(object: Manifest): Workload {
  const { name, uid = '', labels = {}, annotations = {} } = object.metadata;
  const { generation, replicas, observedGeneration, ready, updated } = numbersOf(object);
  return {
    uid,
    name,
    resource: labels[LABELS.resource] ?? '',
    role: labels[LABELS.component] ?? '',
    template: annotations[ANNOTATIONS.template] ?? '',
    generation,
    isCurrent: observedGeneration === generation && ready === replicas && updated === replicas,
  };
}

function numbersOf(object: Manifest): Numbers {
  const spec = (object['spec'] ?? {}) as { readonly replicas?: number };
  const status = (object['status'] ?? {}) as {
    readonly observedGeneration?: number;
    readonly readyReplicas?: number;
    readonly updatedReplicas?: number;
  };
  return {
    generation: object.metadata.generation ?? 0,
    replicas: spec.replicas ?? 1,
    observedGeneration: status.observedGeneration ?? 0,
    ready: status.readyReplicas ?? 0,
    updated: status.updatedReplicas ?? 0,
  };
}
