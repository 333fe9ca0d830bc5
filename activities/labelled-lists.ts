import { LABELS } from '../core/labels.ts';
import type { Manifest } from '../core/manifest.ts';
import type { KindRef } from '../core/refs.ts';
import { kindName } from '../core/refs.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';

/** Which objects are listed: of one kind, in one namespace or in all. */
export interface Sought {
  readonly kind: KindRef;
  readonly namespace?: string;
  readonly metadataOnly: boolean;
}

/** More uids in a selector make a URL that servers and proxies may refuse. */
const MOST_AT_ONCE = 50;

type ByUid = ReadonlyMap<string, readonly Manifest[]>;

interface Batch {
  readonly uids: Set<string>;
  readonly found: Promise<ByUid>;
}

/**
 * Lists the objects of resources by label. One list of a kind and a namespace is under way at a time, and those who ask meanwhile share the
 * next one: many resources that lost their workflows cost few lists. No answer is older than its question.
 */
export class LabelledLists {
  readonly #api: Pick<KubernetesApi, 'list'>;
  readonly #operator: string;
  readonly #running = new Map<string, Promise<unknown>>();
  readonly #next = new Map<string, Batch>();

  constructor(api: Pick<KubernetesApi, 'list'>, operator: string) {
    this.#api = api;
    this.#operator = operator;
  }

  /** The objects that carry the uid of the resource. @throws StatusError */
  async of(uid: string, sought: Sought): Promise<readonly Manifest[]> {
    const id = `${kindName(sought.kind)} ${sought.namespace ?? ''} ${sought.metadataOnly}`;
    const running = this.#running.get(id);
    const found = running ? this.#join(id, sought, uid, running) : this.#begin(id, sought, new Set([uid]));
    return (await found).get(uid) ?? [];
  }

  #join(id: string, sought: Sought, uid: string, running: Promise<unknown>): Promise<ByUid> {
    const known = this.#next.get(id);
    if (known) {
      known.uids.add(uid);
      return known.found;
    }
    const uids = new Set([uid]);
    const begin = (): Promise<ByUid> => {
      this.#next.delete(id);
      return this.#begin(id, sought, uids);
    };
    const found = running.then(begin, begin);
    this.#next.set(id, { uids, found });
    return found;
  }

  #begin(id: string, sought: Sought, uids: ReadonlySet<string>): Promise<ByUid> {
    const found = this.#list(sought, [...uids]);
    this.#running.set(id, found);
    const end = (): void => {
      if (this.#running.get(id) === found && !this.#next.has(id)) this.#running.delete(id);
    };
    found.then(end, end);
    return found;
  }

  async #list({ kind, namespace, metadataOnly }: Sought, uids: readonly string[]): Promise<ByUid> {
    const found: Manifest[] = [];
    for (let first = 0; first < uids.length; first += MOST_AT_ONCE) {
      const some = uids.slice(first, first + MOST_AT_ONCE).join(',');
      const { items } = await this.#api.list(kind, {
        ...(namespace === undefined ? {} : { namespace }),
        labelSelector: `${LABELS.managedBy}=${this.#operator},${LABELS.resource} in (${some})`,
        metadataOnly,
      });
      found.push(...items);
    }
    return Map.groupBy(found, ({ metadata: { labels } }) => labels?.[LABELS.resource] ?? '');
  }
}
