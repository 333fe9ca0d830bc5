/** Every value that `spec.replicas` of a workload takes, from a watch of its own: what an API server did to it, write by write. */
import type { Manifest } from '../../core/manifest.ts';
import type { ObjectRef } from '../../core/refs.ts';
import { replicasOf } from '../../core/replicas.ts';
import type { WatchableApi } from '../../kubernetes/api.ts';
import type { Watcher } from '../../kubernetes/watcher.ts';
import { watchKind } from '../../kubernetes/watcher.ts';
import { eventually } from '../../testing/eventually.ts';

export class ReplicasSeen implements AsyncDisposable {
  readonly #values: number[] = [];
  readonly #watcher: Watcher<Manifest>;
  readonly #read: () => Promise<Manifest | undefined>;
  /** The newest resourceVersion that the watch has told of. */
  #heard = 0n;

  private constructor(api: WatchableApi, ref: ObjectRef) {
    const { group, kind, namespace = '', name } = ref;
    this.#read = () => api.get(ref);
    this.#watcher = watchKind(api, {
      kind: { group, kind },
      namespace,
      trim: (object) => object,
      onChange: ({ type, object }) => {
        if (object.metadata.name === name && type !== 'DELETED') this.#take(object);
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

  /** In the order of the writes, up to the one that a read finds now; a value that stays is there once. */
  async values(): Promise<readonly number[]> {
    const newest = revisionOf(await this.#read());
    await eventually('the watch tells of what a read finds', () => this.#heard >= newest);
    return this.#values;
  }

  #take(object: Manifest): void {
    const replicas = replicasOf(object);
    if (replicas !== undefined && this.#values.at(-1) !== replicas) this.#values.push(replicas);
    this.#heard = revisionOf(object);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watcher.stop();
  }
}

function revisionOf(object: Manifest | undefined): bigint {
  return BigInt(object?.metadata.resourceVersion ?? 0);
}
