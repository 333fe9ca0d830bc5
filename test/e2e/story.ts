/** What happens in a namespace, in the order in which the API server stores it: one number counts every write of any kind. */
import type { Manifest } from '../../core/manifest.ts';
import type { KindRef } from '../../core/refs.ts';
import type { WatchableApi } from '../../kubernetes/api.ts';
import { LineSplitter } from '../../kubernetes/lines.ts';

export interface Happening {
  readonly type: string;
  readonly object: Manifest;
}

export const POD: KindRef = { group: '', kind: 'Pod' };
export const STATEFUL_SET: KindRef = { group: 'apps', kind: 'StatefulSet' };
export const DEPLOYMENT: KindRef = { group: 'apps', kind: 'Deployment' };

export class Story implements AsyncDisposable {
  readonly #happenings: Happening[] = [];
  readonly #end = new AbortController();
  readonly #watches: Promise<void>[] = [];

  private constructor() {}

  /** Begins now; what was before is not told. */
  static async begin(api: WatchableApi, namespace: string, kinds: readonly KindRef[]): Promise<Story> {
    const story = new Story();
    for (const kind of kinds) {
      const { resourceVersion } = await api.list(kind, { namespace });
      const options = { namespace, resourceVersion, timeoutSeconds: 300, signal: story.#end.signal };
      story.#watches.push(story.#follow(await api.watch(kind, options)));
    }
    return story;
  }

  /** So far, in the order of the writes. */
  get happenings(): readonly Happening[] {
    return this.#happenings.toSorted((one, other) => orderOf(one) - orderOf(other));
  }

  async #follow(chunks: AsyncIterable<Buffer>): Promise<void> {
    const lines = new LineSplitter();
    try {
      for await (const chunk of chunks)
        lines.push(chunk, (line) => {
          const happening = JSON.parse(line) as Happening;
          if (happening.type !== 'BOOKMARK') this.#happenings.push(happening);
        });
    } catch (error) {
      if (!this.#end.signal.aborted) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await Promise.all(this.#watches);
  }
}

function orderOf({ object }: Happening): number {
  return Number(object.metadata.resourceVersion);
}
