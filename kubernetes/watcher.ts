/**
 * A reflector: lists a kind, watches it, and tells every change once, for ever. Whatever ends a watch (a timeout, a lost
 * connection, a forgotten resourceVersion, refused credentials, a server that is away) is followed by another one, and
 * what happened in between is told: a relist is compared by uid with what was known.
 */
import type { Manifest } from '../core/manifest.ts';
import type { KindRef } from '../core/refs.ts';
import { kindName } from '../core/refs.ts';
import type { Selection, Versioned, WatchableApi } from './api.ts';
import { Backoff, pause } from './backoff.ts';
import { LineSplitter } from './lines.ts';
import { identified } from './list.ts';
import { StatusError } from './status-error.ts';
import { errorOfStatus } from './status-mapping.ts';

export const WATCH_STATES = {
  Listing: 'Listing',
  Watching: 'Watching',
  /** The last attempt failed; the detail says why. */
  Retrying: 'Retrying',
  /** The server has no such kind (yet). */
  NotServed: 'NotServed',
  Stopped: 'Stopped',
} as const;

export type WatchState = keyof typeof WATCH_STATES;
export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED';

export interface Change<Kept> {
  readonly type: WatchEventType;
  /** When deleted, as it was last. */
  readonly object: Kept;
  /** As it was known before; absent when it was not. */
  readonly previous: Kept | undefined;
  /** Found by a list: what happened to it before is not known. */
  readonly listed: boolean;
}

export interface WatcherOptions<Kept> extends Selection {
  readonly kind: Versioned<KindRef>;
  /** What is kept of each object, made of it as it arrives; undefined: it is passed over. */
  readonly trim: (object: Manifest) => Kept | undefined;
  /** Called in the order of the changes. What it throws is reported, and the watch goes on. */
  readonly onChange: (change: Change<Kept>) => void;
  /** The first list has been told whole. */
  readonly onSynced?: () => void;
  readonly onState?: (state: WatchState, detail: string) => void;
  /** A handler of ours failed: an error of this program, never of the server. */
  readonly onHandlerError: (error: unknown) => void;
  /** @defaultValue {@link DEFAULT_SILENCE_MS} */
  readonly silenceMs?: number;
}

export interface Watcher<Kept> {
  readonly synced: Promise<void>;
  readonly state: WatchState;
  /** Epoch milliseconds of the last event, bookmark or list; 0 before the first. */
  readonly lastHeardAt: number;
  readonly size: number;
  /** Everything that is known, as it was last heard. */
  values(): IterableIterator<Kept>;
  /** Takes an object that was read otherwise, because it was passed over before; one that is known is left as it is. */
  show(object: Manifest): void;
  stop(): Promise<void>;
}

/** A server sends a bookmark about every minute; one that was silent for two is not there any more. */
export const DEFAULT_SILENCE_MS = 120_000;
const BACKOFF = { minMs: 100, maxMs: 30_000 };
/** A kind that is not served appears when somebody installs it: its CRD often comes right after us. */
const NOT_SERVED_MS = 2_000;
/** The server is asked to end a watch after a time in this range (client-go's is 5 to 10 minutes). */
const WATCH_SECONDS = { least: 240, most: 480 };

interface RawEvent {
  readonly type: WatchEventType | 'BOOKMARK' | 'ERROR';
  readonly object: Manifest;
}

interface Known<Kept> {
  readonly resourceVersion: string | undefined;
  readonly kept: Kept;
}

/** Begins to watch. It ends with `stop()` only. */
export function watchKind<Kept>(api: WatchableApi, options: WatcherOptions<Kept>): Watcher<Kept> {
  return new Reflector(api, options);
}

class Reflector<Kept> implements Watcher<Kept> {
  readonly synced: Promise<void>;
  lastHeardAt = 0;
  state: WatchState = WATCH_STATES.Listing;

  readonly #api: WatchableApi;
  readonly #options: WatcherOptions<Kept>;
  readonly #known = new Map<string, Known<Kept>>();
  readonly #stop = new AbortController();
  readonly #backoff = new Backoff(BACKOFF);
  readonly #running: Promise<void>;
  #served = { apiVersion: '', kind: '' };
  #resourceVersion: string | undefined;
  /** Until it was called. */
  #becomeSynced: (() => void) | undefined;

  constructor(api: WatchableApi, options: WatcherOptions<Kept>) {
    this.#api = api;
    this.#options = options;
    this.synced = new Promise((resolve) => (this.#becomeSynced = resolve));
    this.#running = this.#run();
  }

  get size(): number {
    return this.#known.size;
  }

  *values(): IterableIterator<Kept> {
    for (const { kept } of this.#known.values()) yield kept;
  }

  show(object: Manifest): void {
    this.#isolate(() => {
      const kept = this.#options.trim(identified(object, this.#served));
      if (kept !== undefined && !this.#known.has(uidOf(object)))
        this.#put(uidOf(object), { resourceVersion: object.metadata.resourceVersion, kept }, true);
    });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === undefined) await this.#relist();
        await this.#watch();
      } catch (error) {
        if (!signal.aborted) await this.#recover(error);
      }
    }
    this.#enter(WATCH_STATES.Stopped, '');
  }

  async #relist(): Promise<void> {
    this.#enter(WATCH_STATES.Listing, '');
    const { kind, trim } = this.#options;
    const { group, version, kind: word } = await this.#api.servedKind(kind, { signal: this.#stop.signal });
    this.#served = { apiVersion: group === '' ? version : `${group}/${version}`, kind: word };
    const listed = new Map<string, Known<Kept>>();
    const selection = { ...selectionOf(this.#options), signal: this.#stop.signal };
    const resourceVersion = await this.#api.visit(kind, selection, (object) => {
      this.#isolate(() => {
        const kept = trim(object);
        if (kept !== undefined)
          listed.set(uidOf(object), { resourceVersion: object.metadata.resourceVersion, kept });
      });
    });
    this.lastHeardAt = Date.now();
    this.#compare(listed);
    this.#resourceVersion = resourceVersion;
    if (!this.#becomeSynced) return;
    this.#becomeSynced();
    this.#becomeSynced = undefined;
    this.#isolate(() => this.#options.onSynced?.());
  }

  /** The deleted first: another object may have taken the name of one. */
  #compare(listed: ReadonlyMap<string, Known<Kept>>): void {
    for (const [uid, { kept }] of this.#known)
      if (!listed.has(uid)) {
        this.#known.delete(uid);
        this.#tell({ type: 'DELETED', object: kept, previous: kept, listed: true });
      }
    for (const [uid, known] of listed) this.#put(uid, known, true);
  }

  async #watch(): Promise<void> {
    const silence = this.#options.silenceMs ?? DEFAULT_SILENCE_MS;
    const { least, most } = WATCH_SECONDS;
    const timeoutSeconds = Math.round(least + Math.random() * (most - least));
    const resourceVersion = this.#resourceVersion ?? '';
    const abort = new AbortController();
    const end = (): void => abort.abort();
    this.#stop.signal.addEventListener('abort', end, { once: true });
    const dead = setTimeout(() => {
      abort.abort(
        new StatusError(`nothing was heard for ${silence / 1000} s`, { code: 0, reason: 'Unreachable' }),
      );
    }, silence);
    dead.unref();
    try {
      const selection = { ...selectionOf(this.#options), signal: abort.signal };
      const began = performance.now();
      const stream = await this.#api.watch(this.#options.kind, {
        ...selection,
        resourceVersion,
        timeoutSeconds,
      });
      this.#enter(WATCH_STATES.Watching, '');
      const lines = new LineSplitter();
      for await (const chunk of stream) {
        dead.refresh();
        this.lastHeardAt = Date.now();
        lines.push(chunk, (line) => this.#hear(line));
      }
      // A stream that ends at once, again and again, is a failure whatever its manners.
      if (performance.now() - began < 1_000)
        throw new StatusError('the watch ended at once', { code: 0, reason: 'Unreachable' });
    } catch (error) {
      throw abort.signal.aborted && abort.signal.reason instanceof StatusError ? abort.signal.reason : error;
    } finally {
      clearTimeout(dead);
      this.#stop.signal.removeEventListener('abort', end);
      // Leaving in the middle (a refusal in the stream) must not leave its connection behind.
      abort.abort();
    }
  }

  #hear(line: string): void {
    const { type, object }: RawEvent = JSON.parse(line);
    if (type === 'ERROR') throw errorOfStatus(object, 500);
    this.#backoff.reset();
    this.#resourceVersion = object.metadata.resourceVersion ?? this.#resourceVersion;
    if (type === 'BOOKMARK') return;
    this.#isolate(() => this.#take(type, identified(object, this.#served)));
  }

  #take(type: WatchEventType, object: Manifest): void {
    const uid = uidOf(object);
    const kept = this.#options.trim(object);
    if (kept === undefined) return void this.#known.delete(uid);
    const { resourceVersion } = object.metadata;
    if (type !== 'DELETED') return this.#put(uid, { resourceVersion, kept }, false);
    const previous = this.#known.get(uid)?.kept;
    this.#known.delete(uid);
    this.#tell({ type, object: kept, previous, listed: false });
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
      this.#options.onHandlerError(error);
    }
  }

  async #recover(error: unknown): Promise<void> {
    const { code, retryAfterMs = 0 } = error instanceof StatusError ? error : { code: undefined };
    const detail = error instanceof Error ? error.message : String(error);
    if (code === 404 || code === 410) this.#resourceVersion = undefined;
    this.#enter(code === 404 ? WATCH_STATES.NotServed : WATCH_STATES.Retrying, detail);
    const floor = code === 404 ? NOT_SERVED_MS * (0.5 + Math.random()) : retryAfterMs;
    await pause(this.#backoff.next(floor), this.#stop.signal);
  }

  #enter(state: WatchState, detail: string): void {
    this.state = state;
    this.#isolate(() => this.#options.onState?.(state, detail));
  }
}

function selectionOf({ namespace, labelSelector, metadataOnly }: Selection): Selection {
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(metadataOnly === undefined ? {} : { metadataOnly }),
  };
}

function uidOf(object: Manifest): string {
  const { uid, name } = object.metadata;
  if (uid === undefined)
    throw new Error(`the server sent ${kindName({ group: '', kind: object.kind })} ${name} without a uid`);
  return uid;
}
