/**
 * A reflector: lists a kind, watches it, and tells every change once, for ever. Whatever ends a watch (a timeout, a lost
 * connection, a forgotten resourceVersion, refused credentials, a server that is away) is followed by another one, and
 * what happened in between is told: a relist is compared by uid with what was known.
 */
import type { Manifest } from '../core/manifest.ts';
import type { KindRef } from '../core/refs.ts';
import type { Selection, Versioned, WatchableApi, WatchOptions } from './api.ts';
import { Backoff, pause } from './backoff.ts';
import { identified } from './list.ts';
import { StatusError } from './status-error.ts';
import { errorOfStatus } from './status-mapping.ts';
import type { ListedBy, WatchCounts } from './watch-counts.ts';
import { Tally } from './watch-counts.ts';
import { readWatch } from './watch-stream.ts';
import type { Listed } from './watched-objects.ts';
import { uidOf, WatchedObjects } from './watched-objects.ts';

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
  /**
   * How the kind is listed: in the watch itself, which spares server and client a copy of everything (Kubernetes 1.34 and
   * later), or in pages. A server that cannot stream is asked for pages.
   *
   * @defaultValue `'stream'`
   */
  readonly list?: ListedBy;
  /** @defaultValue {@link DEFAULT_SILENCE_MS} */
  readonly silenceMs?: number;
}

export interface Watcher<Kept> {
  readonly synced: Promise<void>;
  readonly state: WatchState;
  /** Why the last attempt failed; empty while none did. */
  readonly trouble: string;
  /** Epoch milliseconds of the last event, bookmark or list; 0 before the first. */
  readonly lastHeardAt: number;
  readonly size: number;
  readonly counts: WatchCounts;
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
/** On the bookmark that ends a streamed list (KEP-3157). */
const END_OF_LIST = 'k8s.io/initial-events-end';

interface RawEvent {
  readonly type: WatchEventType | 'BOOKMARK' | 'ERROR';
  readonly object: Manifest;
}

/** Begins to watch. It ends with `stop()` only. */
export function watchKind<Kept>(api: WatchableApi, options: WatcherOptions<Kept>): Watcher<Kept> {
  return new Reflector(api, options);
}

class Reflector<Kept> implements Watcher<Kept> {
  readonly synced: Promise<void>;
  lastHeardAt = 0;
  state: WatchState = WATCH_STATES.Listing;
  trouble = '';

  readonly #api: WatchableApi;
  readonly #options: WatcherOptions<Kept>;
  readonly #objects: WatchedObjects<Kept>;
  readonly #stop = new AbortController();
  readonly #backoff = new Backoff(BACKOFF);
  readonly #running: Promise<void>;
  readonly #states = new Tally<WatchState>();
  readonly #lists = new Tally<ListedBy>();
  readonly #events = new Tally();
  readonly #failures = new Tally();
  #served = { apiVersion: '', kind: '' };
  #resourceVersion: string | undefined;
  /** What a stream has sent of a list so far; undefined when none is under way. */
  #listed: Listed<Kept> | undefined;
  /** Whether the server is asked to list in a stream. */
  #streams: boolean;
  /** Until it was called. */
  #becomeSynced: (() => void) | undefined;

  constructor(api: WatchableApi, options: WatcherOptions<Kept>) {
    this.#api = api;
    this.#options = options;
    const { trim, onChange, onHandlerError } = options;
    this.#objects = new WatchedObjects({ trim, onChange, onError: onHandlerError });
    this.#streams = options.list !== 'pages';
    this.synced = new Promise((resolve) => (this.#becomeSynced = resolve));
    this.#running = this.#run();
  }

  get size(): number {
    return this.#objects.size;
  }

  values(): IterableIterator<Kept> {
    return this.#objects.values();
  }

  show(object: Manifest): void {
    this.#objects.show(identified(object, this.#served));
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  get counts(): WatchCounts {
    return {
      states: this.#states.counts,
      lists: this.#lists.counts,
      events: this.#events.counts as Record<string, number>,
      failures: this.#failures.counts as Record<string, number>,
    };
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === undefined) await this.#list();
        else await this.#watch({ resourceVersion: this.#resourceVersion });
      } catch (error) {
        if (!signal.aborted) await this.#recover(error);
      }
    }
    this.#enter(WATCH_STATES.Stopped, '');
  }

  /** In one stream with the watch that follows, or page by page from a server that does not know how. */
  async #list(): Promise<void> {
    this.#enter(WATCH_STATES.Listing, '');
    const { kind } = this.#options;
    const { group, version, kind: word } = await this.#api.servedKind(kind, { signal: this.#stop.signal });
    this.#served = { apiVersion: group === '' ? version : `${group}/${version}`, kind: word };
    if (!this.#streams) return this.#listPages();
    this.#listed = new Map();
    try {
      await this.#watch({ sendInitialEvents: true });
      if (this.#resourceVersion === undefined) throw notStreamed();
    } catch (error) {
      if (this.#resourceVersion !== undefined || !isNotStreamed(error)) throw error;
      this.#streams = false;
      await this.#listPages();
    } finally {
      this.#listed = undefined;
    }
  }

  async #listPages(): Promise<void> {
    const listed: Listed<Kept> = new Map();
    const selection = { ...selectionOf(this.#options), signal: this.#stop.signal };
    const note = (object: Manifest): void => this.#objects.note(object, listed);
    this.#takeList(listed, await this.#api.visit(this.#options.kind, selection, note), 'pages');
  }

  #takeList(listed: Listed<Kept>, resourceVersion: string | undefined, by: ListedBy): void {
    this.#lists.add(by);
    this.lastHeardAt = Date.now();
    this.#objects.takeList(listed);
    this.#resourceVersion = resourceVersion ?? '';
    if (!this.#becomeSynced) return;
    this.#becomeSynced();
    this.#becomeSynced = undefined;
    this.#isolate(() => this.#options.onSynced?.());
  }

  async #watch(from: Pick<WatchOptions, 'resourceVersion' | 'sendInitialEvents'>): Promise<void> {
    await readWatch(this.#api, {
      ...selectionOf(this.#options),
      ...from,
      kind: this.#options.kind,
      signal: this.#stop.signal,
      silenceMs: this.#options.silenceMs ?? DEFAULT_SILENCE_MS,
      onOpen: () => {
        if (!this.#listed) this.#enter(WATCH_STATES.Watching, '');
      },
      onLine: (line) => this.#hear(line),
    });
  }

  #hear(line: string): void {
    const { type, object }: RawEvent = JSON.parse(line);
    if (type === 'ERROR') throw errorOfStatus(object, { code: 500 });
    if (this.#listed) return this.#hearOfList(type, object, this.#listed);
    this.#events.add(type);
    this.lastHeardAt = Date.now();
    this.#backoff.reset();
    this.#resourceVersion = object.metadata.resourceVersion ?? this.#resourceVersion;
    if (type === 'BOOKMARK') return;
    this.#objects.take(type, identified(object, this.#served));
  }

  /** What changes while the list is sent is in it already when its end is told. */
  #hearOfList(type: RawEvent['type'], object: Manifest, listed: Listed<Kept>): void {
    if (type === 'DELETED') listed.delete(uidOf(object));
    else if (type !== 'BOOKMARK') this.#objects.note(identified(object, this.#served), listed);
    else if (object.metadata.annotations?.[END_OF_LIST] !== 'true') throw notStreamed();
    else {
      this.#listed = undefined;
      this.#takeList(listed, object.metadata.resourceVersion, 'stream');
      this.#backoff.reset();
      this.#enter(WATCH_STATES.Watching, '');
    }
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
    this.#failures.add(error instanceof StatusError ? error.reason : 'Error');
    if (code === 404 || code === 410) this.#resourceVersion = undefined;
    this.#enter(code === 404 ? WATCH_STATES.NotServed : WATCH_STATES.Retrying, detail);
    const floor = code === 404 ? NOT_SERVED_MS * (0.5 + Math.random()) : retryAfterMs;
    await pause(this.#backoff.next(floor), this.#stop.signal);
  }

  #enter(state: WatchState, detail: string): void {
    this.state = state;
    if (state !== WATCH_STATES.Listing) this.trouble = detail;
    this.#states.add(state);
    this.#isolate(() => this.#options.onState?.(state, detail));
  }
}

/** A server that does not stream lists says that the option is not allowed, or does not know it. */
function isNotStreamed(error: unknown): boolean {
  return error instanceof StatusError && (error.code === 400 || error.code === 422);
}

function notStreamed(): StatusError {
  return new StatusError('the server did not tell the end of the list', { code: 422, reason: 'Invalid' });
}

function selectionOf({ namespace, labelSelector, metadataOnly }: Selection): Selection {
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(metadataOnly === undefined ? {} : { metadataOnly }),
  };
}
