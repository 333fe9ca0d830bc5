import type { Manifest } from '../core/manifest.ts';
import type { Change, WatchEventType } from './watcher.ts';

interface Known<Kept> {
  readonly resourceVersion: string | undefined;
  readonly kept: Kept;
}

/** What a list has said so far, by uid. */
export type Listed<Kept> = Map<string, Known<Kept>>;

export interface WatchedObjectsOptions<Kept> {
  /** Undefined: the object is passed over. */
  readonly trim: (object: Manifest) => Kept | undefined;
  readonly onChange: (change: Change<Kept>) => void;
  /** What a handler or a trim throws. */
  readonly onError: (error: unknown) => void;
}

/** The objects of a watch as they were last heard of: tells every change once, and finds by a list what was missed. */
export class WatchedObjects<Kept> {
  readonly #options: WatchedObjectsOptions<Kept>;
  readonly #known: Listed<Kept> = new Map();

  constructor(options: WatchedObjectsOptions<Kept>) {
    this.#options = options;
  }

  get size(): number {
    return this.#known.size;
  }

  *values(): IterableIterator<Kept> {
    for (const { kept } of this.#known.values()) yield kept;
  }

  /** Writes an object down in a list. */
  note(object: Manifest, listed: Listed<Kept>): void {
    this.#isolate(() => {
      const kept = this.#options.trim(object);
      if (kept !== undefined)
        listed.set(uidOf(object), { resourceVersion: object.metadata.resourceVersion, kept });
    });
  }

  /** The deleted first: another object may have taken the name of one. */
  takeList(listed: Listed<Kept>): void {
    for (const [uid, { kept }] of this.#known)
      if (!listed.has(uid)) {
        this.#known.delete(uid);
        this.#tell({ type: 'DELETED', object: kept, previous: kept, listed: true });
      }
    for (const [uid, known] of listed) this.#put(uid, known, true);
  }

  take(type: WatchEventType, object: Manifest): void {
    this.#isolate(() => {
      const uid = uidOf(object);
      const kept = this.#options.trim(object);
      if (kept === undefined) return void this.#known.delete(uid);
      const { resourceVersion } = object.metadata;
      if (type !== 'DELETED') return this.#put(uid, { resourceVersion, kept }, false);
      const previous = this.#known.get(uid)?.kept;
      this.#known.delete(uid);
      this.#tell({ type, object: kept, previous, listed: false });
    });
  }

  /** Takes an object that was read otherwise, unless it is known. */
  show(object: Manifest): void {
    this.#isolate(() => {
      const kept = this.#options.trim(object);
      if (kept !== undefined && !this.#known.has(uidOf(object)))
        this.#put(uidOf(object), { resourceVersion: object.metadata.resourceVersion, kept }, true);
    });
  }

  #put(uid: string, known: Known<Kept>, listed: boolean): void {
    const before = this.#known.get(uid);
    if (before && before.resourceVersion === known.resourceVersion) return;
    this.#known.set(uid, known);
    this.#tell({ type: before ? 'MODIFIED' : 'ADDED', object: known.kept, previous: before?.kept, listed });
  }

  #tell(change: Change<Kept>): void {
    this.#isolate(() => this.#options.onChange(change));
  }

  #isolate(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#options.onError(error);
    }
  }
}

export function uidOf({ kind, metadata: { uid, name } }: Manifest): string {
  if (uid === undefined) throw new Error(`the server sent ${kind} ${name} without a uid`);
  return uid;
}
