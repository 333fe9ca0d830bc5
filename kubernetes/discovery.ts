import type { KindRef } from '../core/refs.ts';
import { kindName } from '../core/refs.ts';
import type { CallOptions, ServedKind, Versioned } from './api.ts';
import { StatusError } from './status-error.ts';

interface ResourceList {
  readonly resources?: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
  }[];
}

interface Group {
  readonly preferredVersion?: { readonly version: string };
  readonly versions?: readonly { readonly version: string }[];
}

/** A JSON document of the server; undefined when the server has none at this path. */
type Read = (path: string, options: CallOptions) => Promise<unknown>;

interface ServedGroup {
  readonly kinds: ReadonlyMap<string, ServedKind>;
  readonly readAt: number;
  /** Why a version could not be read: the server of an aggregated API is away. A kind that was not found may be of that version. */
  readonly failure?: StatusError;
}

/** Asking again for a kind that was not there a moment ago would ask on every apply of it. */
const MISS_MS = 1_000;

/**
 * Finds how kinds are served. What was found is kept until {@link forget}; what was not found is asked for again, at
 * most once a second a group.
 */
export class Discovery {
  readonly #read: Read;
  readonly #groups = new Map<string, ServedGroup>();
  readonly #reading = new Map<string, Promise<void>>();

  constructor(read: Read) {
    this.#read = read;
  }

  /** @throws StatusError NotFound when the server does not serve the kind. */
  async find(kind: Versioned<KindRef>, options: CallOptions = {}): Promise<ServedKind> {
    const known = this.#known(kind);
    if (known) return known;
    const group = this.#groups.get(kind.group);
    if (!group || performance.now() - group.readAt > MISS_MS) await this.#refresh(kind.group, options);
    const found = this.#known(kind);
    if (found) return found;
    const { failure } = this.#groups.get(kind.group) ?? {};
    if (failure !== undefined) throw failure;
    const version = kind.version ? ` in version ${kind.version}` : '';
    throw new StatusError(`the API server does not serve ${kindName(kind)}${version}; install its CRD`, {
      code: 404,
      reason: 'NotFound',
    });
  }

  /** The server no longer serves the group as it did. */
  forget(group: string): void {
    this.#groups.delete(group);
  }

  #known({ group, kind, version }: Versioned<KindRef>): ServedKind | undefined {
    return this.#groups.get(group)?.kinds.get(version ? `${version}/${kind}` : kind);
  }

  async #refresh(group: string, options: CallOptions): Promise<void> {
    let reading = this.#reading.get(group);
    if (!reading) {
      // Several callers may wait for this one reading: none of them may abort it for the others.
      reading = this.#readGroup(group).finally(() => this.#reading.delete(group));
      this.#reading.set(group, reading);
    }
    await reading;
    options.signal?.throwIfAborted();
  }

  async #readGroup(group: string): Promise<void> {
    const kinds = new Map<string, ServedKind>();
    let failure: StatusError | undefined;
    for (const version of await this.#versions(group)) {
      try {
        for (const served of await this.#readVersion(group, version)) {
          kinds.set(`${version}/${served.kind}`, served);
          if (!kinds.has(served.kind)) kinds.set(served.kind, served);
        }
      } catch (error) {
        // What does not answer at all answers for no version.
        if (!(error instanceof StatusError) || error.code === 0) throw error;
        failure = error;
      }
    }
    this.#groups.set(group, {
      kinds,
      readAt: performance.now(),
      ...(failure === undefined ? {} : { failure }),
    });
  }

  async #readVersion(group: string, version: string): Promise<ServedKind[]> {
    const path = `${rootOf(group)}/${version}`;
    const list = (await this.#read(path, {})) as ResourceList | undefined;
    // A group that is listed with a version is about to be served in it, or its server just starts: nothing is known of its kinds.
    if (!list)
      throw new StatusError(`the API server lists ${path} and does not serve it`, {
        code: 503,
        reason: 'ServiceUnavailable',
      });
    return (list.resources ?? [])
      .filter(({ name }) => !name.includes('/'))
      .map(({ name, kind, namespaced }) => ({ group, kind, version, plural: name, namespaced }));
  }

  /** The preferred one first. */
  async #versions(group: string): Promise<string[]> {
    if (group === '') return ['v1'];
    const found = (await this.#read(`/apis/${group}`, {})) as Group | undefined;
    const preferred = found?.preferredVersion?.version;
    const all = (found?.versions ?? []).map(({ version }) => version);
    return preferred ? [preferred, ...all.filter((version) => version !== preferred)] : all;
  }
}

/** `/api` or `/apis/<group>`. */
export function rootOf(group: string): string {
  return group === '' ? '/api' : `/apis/${group}`;
}
