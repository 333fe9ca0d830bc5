/**
 * What the rest of the project asks of a Kubernetes API server. `client.ts` is the one implementation; everything is plain
 * JSON, never a model class, so that an object looks the same whether it was read, listed, watched or applied.
 */
import type { KindRef, ObjectRef } from '../core/refs.ts';
import type { Manifest } from '../core/manifest.ts';

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Called when the turn of the request has come, which may take a while. What it throws is thrown, and nothing is sent. */
  readonly beforeSend?: () => void;
}

export interface GetOptions extends CallOptions, Pick<Selection, 'metadataOnly'> {}

export interface ApplyOptions extends CallOptions {
  readonly fieldManager: string;
  /** @defaultValue `true` */
  readonly force?: boolean;
  /** The server checks and answers, and changes nothing (`dryRun=All`). */
  readonly trial?: boolean;
  /** @defaultValue the main resource */
  readonly subresource?: 'status';
}

export interface ScaleOptions extends CallOptions {
  readonly fieldManager: string;
}

/** Of an object that is made anew; of a trial nothing is kept. */
export interface CreateOptions extends CallOptions {
  /** @defaultValue the user agent */
  readonly fieldManager?: string;
  readonly trial?: boolean;
}

export interface Applied {
  /** As the server has it now. */
  readonly object: Manifest;
  /** Whether it did not exist before (HTTP 201). */
  readonly created: boolean;
}

/** Which objects of a kind. */
export interface Selection {
  /** Absent: all namespaces (or a cluster-scoped kind). */
  readonly namespace?: string;
  readonly labelSelector?: string;
  /** Only `metadata` is sent (PartialObjectMetadata). Secrets' data never leaves the server this way. */
  readonly metadataOnly?: boolean;
}

export interface ListOptions extends CallOptions, Selection {
  /** Of the few fields that a kind can be selected by, for example `reason=FailedCreate` of events. */
  readonly fieldSelector?: string;
}

export interface WatchOptions extends CallOptions, Selection {
  /** Of the list, or of the last event. */
  readonly resourceVersion?: string;
  /** Everything that is there is sent first, and a bookmark ends it; in the place of a list and its `resourceVersion`. */
  readonly sendInitialEvents?: boolean;
  /** After this time the server ends the stream. */
  readonly timeoutSeconds: number;
}

/** A kind or an object under one version of its group; without one, under the version the server prefers. */
export type Versioned<Ref> = Ref & { readonly version?: string };

export interface RemoveOptions extends CallOptions {
  /** The object must still be this one. */
  readonly uid: string;
  /** And must not have changed since. */
  readonly resourceVersion?: string;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
}

/** The version and plural under which a kind is served. */
export interface ServedKind extends KindRef {
  readonly version: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/**
 * Every method throws a {@link StatusError} (`status-error.ts`) when the server refuses, and the same with reason
 * `Unreachable` when there was no answer. Requests have a time limit, share one pooled connection agent and renew
 * credentials by themselves.
 */
export interface KubernetesApi {
  /** Undefined when the object does not exist. */
  get(ref: Versioned<ObjectRef>, options?: GetOptions): Promise<Manifest | undefined>;
  /** Server-side apply; creates or changes. */
  apply(manifest: Manifest, options: ApplyOptions): Promise<Applied>;
  create(manifest: Manifest, options?: CreateOptions): Promise<Manifest>;
  /** A JSON patch (RFC 6902), for changes that test what they replace. */
  patch(
    ref: Versioned<ObjectRef>,
    operations: readonly JsonPatchOperation[],
    options?: CallOptions,
  ): Promise<Manifest>;
  /** Sets the replicas of what can be scaled, through its scale subresource; answers how many it had. */
  scale(ref: Versioned<ObjectRef>, replicas: number, options: ScaleOptions): Promise<number>;
  /** Whether the object was still there; deletion may go on after this returns. */
  remove(ref: ObjectRef, options: RemoveOptions): Promise<'removed' | 'gone'>;
  /** Deletes a pod where its PodDisruptionBudgets allow it. @throws StatusError TooManyRequests when one does not */
  evict(pod: ObjectRef, options: RemoveOptions): Promise<'removed' | 'gone'>;
  /** Every object, read page by page, with the resourceVersion from which a watch can go on. */
  list(
    kind: Versioned<KindRef>,
    options?: ListOptions,
  ): Promise<{ items: Manifest[]; resourceVersion: string }>;
  /** How the server serves the kind; found by discovery once and again when it is not known. @throws StatusError NotFound */
  servedKind(kind: Versioned<KindRef>, options?: CallOptions): Promise<ServedKind>;
}

/** What a watcher asks for. */
export interface WatchableApi extends KubernetesApi {
  /**
   * Shows every object to `visit` as its page arrives, so that a big list is never whole in memory, and answers with the
   * resourceVersion. @throws StatusError 410 when the server forgot the list in the middle: what was shown is void.
   */
  visit(kind: Versioned<KindRef>, options: ListOptions, visit: (object: Manifest) => void): Promise<string>;
  /** The events of a watch as the server sends them: one JSON document a line, in chunks that end anywhere. */
  watch(kind: Versioned<KindRef>, options: WatchOptions): Promise<AsyncIterable<Buffer>>;
}

export interface JsonPatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'test';
  /** RFC 6901 pointer. */
  readonly path: string;
  readonly value?: unknown;
}
