/** Every value that `spec.replicas` of a workload takes, from a watch of its own: what an API server did to it, write by write. */
import type { Manifest } from '../../core/manifest.ts';
import type { ObjectRef } from '../../core/refs.ts';
import { replicasOf } from '../../core/replicas.ts';
import type { WatchableApi } from '../../kubernetes/api.ts';
import type { Watcher } from '../../kubernetes/watcher.ts';
import { watchKind } from '../../kubernetes/watcher.ts';

export class ReplicasSeen implements AsyncDisposable {
  /** In the order of the writes; a value that stays is there once. */
  readonly values: number[] = [];
  readonly #watcher: Watcher<Manifest>;

  private constructor(api: WatchableApi, { group, kind, namespace = '', name }: ObjectRef) {
    this.#watcher = watchKind(api, {
      kind: { group, kind },
      namespace,
      trim: (object) => object,
      onChange: ({ type, object }) => {
        if (object.metadata.name === name && type !== 'DELETED') this.#take(replicasOf(object));
      },
      onHandlerError: (error) => {
        throw error;
      },
    });
  }

  static async of(api: WatchableApi, ref: ObjectRef): Promise<ReplicasSeen> {
    const seen = new ReplicasSeen(api, ref);
    await seen.#watcher.synced;
    return seen;
  }

  #take(replicas: number | undefined): void {
    if (replicas !== undefined && this.values.at(-1) !== replicas) this.values.push(replicas);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watcher.stop();
  }
}
