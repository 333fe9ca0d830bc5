/** What happens to the objects of a namespace, by watches of its own: how often each pod was made, and what was deleted. */
import type { Manifest } from '../../core/manifest.ts';
import type { KindRef } from '../../core/refs.ts';
import { kindName } from '../../core/refs.ts';
import type { WatchableApi } from '../../kubernetes/api.ts';
import type { Watcher } from '../../kubernetes/watcher.ts';
import { watchKind } from '../../kubernetes/watcher.ts';

const POD: KindRef = { group: '', kind: 'Pod' };
const KEPT: readonly KindRef[] = [
  { group: '', kind: 'ConfigMap' },
  { group: '', kind: 'Service' },
  { group: 'apps', kind: 'StatefulSet' },
];

export class Deeds {
  readonly #watchers: readonly Watcher<Manifest>[];
  readonly #pods = new Map<string, Set<string>>();
  readonly #deleted: string[] = [];

  constructor(api: WatchableApi, namespace: string) {
    this.#watchers = [POD, ...KEPT].map((kind) =>
      watchKind<Manifest>(api, {
        kind,
        namespace,
        trim: ({ apiVersion, kind: word, metadata }) => ({ apiVersion, kind: word, metadata }),
        onChange: ({ type, object }) => {
          if (kind === POD) this.#seePod(object);
          else if (type === 'DELETED') this.#deleted.push(`${kindName(kind)}/${object.metadata.name}`);
        },
        onHandlerError: (error) => {
          throw error;
        },
      }),
    );
  }

  async synced(): Promise<void> {
    await Promise.all(this.#watchers.map(({ synced }) => synced));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#watchers.map((watcher) => watcher.stop()));
  }

  /** How many pods there were of each name that begins so. */
  podsMade(prefix: string): Readonly<Record<string, number>> {
    const made = [...this.#pods].filter(([name]) => name.startsWith(prefix));
    return Object.fromEntries(made.map(([name, uids]): [string, number] => [name, uids.size]).sort());
  }

  /** What was deleted, but for pods, of names that begin so: `Service/a-b`. */
  deleted(prefix: string): readonly string[] {
    return this.#deleted.filter((each) => each.split('/')[1]?.startsWith(prefix)).sort();
  }

  #seePod({ metadata: { name, uid = '' } }: Manifest): void {
    this.#pods.set(name, (this.#pods.get(name) ?? new Set<string>()).add(uid));
  }
}
