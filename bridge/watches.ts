import { LABELS } from '../core/labels.ts';
import type { Manifest } from '../core/manifest.ts';
import { CATEGORIES, categoryOfKind } from '../core/plan/categories.ts';
import type { KindRef } from '../core/refs.ts';
import { kindName, parseKindName } from '../core/refs.ts';
import type { Selection, Versioned, WatchableApi } from '../kubernetes/api.ts';
import type { WatchCounts } from '../kubernetes/watch-counts.ts';
import type { Change, Watcher, WatchState } from '../kubernetes/watcher.ts';
import { WATCH_STATES, watchKind } from '../kubernetes/watcher.ts';
import type { LeanObject, LeanPod } from './lean-objects.ts';
import { leanObject, leanPod, leanResource } from './lean-objects.ts';
import { SCALER_KINDS } from '../core/scalers.ts';
import { leanScaler } from './scalers.ts';
import type { LeanScaler } from './scalers.ts';
import type { Log } from '../core/log.ts';

export interface WatchesOptions {
  readonly operator: { readonly name: string; readonly resource: Versioned<KindRef> };
  readonly api: WatchableApi;
  /** Only in these; absent: everywhere. */
  readonly namespaces: readonly string[] | undefined;
  readonly log: Log;
  readonly onResource: (change: Change<Manifest>) => void;
  readonly onObject: (change: Change<LeanObject>) => void;
  readonly onPod: (change: Change<LeanPod>) => void;
  readonly onScaler: (change: Change<LeanScaler>) => void;
}

export interface StartedWatch<Kept> {
  readonly watcher: Watcher<Kept>;
  /** Resolves when they were listed, or their kind is not served. */
  readonly listed: Promise<void>;
}

export interface WatchStatus {
  /** As kubectl writes it, and the namespace where only one is watched. */
  readonly kind: string;
  readonly state: WatchState;
  /** Why the last attempt failed; empty while none did. */
  readonly trouble: string;
  readonly objects: number;
  /** RFC 3339; empty before anything was heard. */
  readonly lastHeardAt: string;
  readonly counts: WatchCounts;
}

const POD: KindRef = { group: '', kind: 'Pod' };
/** Apart from `Pod`, which a resource may own as any other object. */
const PODS_OF_WORKLOADS = 'Pod (of workloads)';

/**
 * Kinds that are as applied once they are there. Of these only metadata is read: nothing of their content tells health,
 * and Secrets stay where they are.
 */
const METADATA_ONLY: ReadonlySet<string> = new Set([
  'ConfigMap',
  'Secret',
  'ServiceAccount',
  'CronJob.batch',
  'NetworkPolicy.networking.k8s.io',
  'Role.rbac.authorization.k8s.io',
  'RoleBinding.rbac.authorization.k8s.io',
  'ClusterRole.rbac.authorization.k8s.io',
  'ClusterRoleBinding.rbac.authorization.k8s.io',
]);

/** Kinds whose replicas an autoscaler may drive. */
const SCALED: ReadonlySet<string> = new Set(['Deployment.apps', 'StatefulSet.apps']);

/** Apart from an autoscaler that a resource owns. */
function scalerWatch(kind: KindRef): string {
  return `${kindName(kind)} (of anybody)`;
}

/** Kinds that run pods themselves; a CronJob's pods belong to Jobs that are not ours. */
function runsPods(kind: string): boolean {
  return categoryOfKind(kind) === CATEGORIES.Workloads && kind !== 'CronJob.batch';
}

/** The watches of one bridge: the resources, and each kind of object that a resource has. */
export class Watches {
  readonly #options: WatchesOptions;
  readonly #stopped = Promise.withResolvers<void>();
  #isStopped = false;
  readonly #byKind = new Map<string, readonly StartedWatch<unknown>[]>();
  readonly #ofOthers = new Map<string, Watcher<unknown>>();
  /** Kinds of autoscalers that the server does not know. */
  readonly #absentScalers = new Set<KindRef>();

  constructor(options: WatchesOptions) {
    this.#options = options;
  }

  watchResources(): Promise<void> {
    const { operator, onResource } = this.#options;
    return this.#watch(kindName(operator.resource), operator.resource, {
      trim: leanResource,
      onChange: onResource,
    });
  }

  /** Watches a kind of owned objects from now on; resolves when its first list was told. */
  async watchOwned(kind: string): Promise<void> {
    const { operator, onObject, onPod } = this.#options;
    const metadataOnly = METADATA_ONLY.has(kind);
    const owner = { name: operator.name, group: operator.resource.group, kind: operator.resource.kind };
    const labelSelector = `${LABELS.managedBy}=${operator.name}`;
    const trim = (object: Manifest): LeanObject => leanObject(object, owner, metadataOnly);
    const pods = runsPods(kind)
      ? this.#watch(PODS_OF_WORKLOADS, POD, { labelSelector, trim: leanPod, onChange: onPod })
      : undefined;
    await Promise.all([
      pods,
      SCALED.has(kind) ? this.#watchScalers() : undefined,
      this.#watch(kind, parseKindName(kind), { labelSelector, metadataOnly, trim, onChange: onObject }),
    ]);
  }

  /** Watches objects that are not the operator's. */
  watchOthers<Kept>(place: string, kind: KindRef, how: Selection & How<Kept>): StartedWatch<Kept> {
    const watch = this.#start(kind, how);
    this.#ofOthers.set(place, watch.watcher);
    return watch;
  }

  /** Ends a watch of {@link watchOthers}. */
  async unwatch(place: string): Promise<void> {
    const watcher = this.#ofOthers.get(place);
    this.#ofOthers.delete(place);
    await watcher?.stop();
  }

  /** Watches the autoscalers of both kinds. One that is not served scales nothing; its watch finds out when it is installed. */
  async #watchScalers(): Promise<void> {
    const { onScaler } = this.#options;
    const watching = SCALER_KINDS.map(async (kind) => {
      const onState = (state: WatchState): void => {
        if (state === WATCH_STATES.NotServed) this.#absentScalers.add(kind);
        if (state === WATCH_STATES.Watching) this.#absentScalers.delete(kind);
      };
      const how = { trim: leanScaler, onChange: onScaler, onState, optional: true };
      await this.#watch(scalerWatch(kind), kind, how);
    });
    await Promise.all(watching);
  }

  /** Whether every autoscaler is known. */
  get knowsScalers(): boolean {
    return SCALER_KINDS.every((kind) => this.#absentScalers.has(kind) || this.isSynced(scalerWatch(kind)));
  }

  isSynced(kind: string): boolean {
    const watches = this.#byKind.get(kind);
    return watches !== undefined && watches.every(({ watcher }) => watcher.lastHeardAt > 0);
  }

  watches(kind: string): boolean {
    return this.#byKind.has(kind);
  }

  status(): WatchStatus[] {
    const own = [...this.#byKind].flatMap(([kind, watches]) =>
      watches.map(({ watcher }, index) => {
        const namespace = this.#options.namespaces?.[index];
        return statusOf(namespace ? `${kind} in ${namespace}` : kind, watcher);
      }),
    );
    return [...own, ...Array.from(this.#ofOthers, ([place, watcher]) => statusOf(place, watcher))];
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopped.resolve();
    const own = [...this.#byKind.values()].flat().map(({ watcher }) => watcher);
    const watchers = [...own, ...this.#ofOthers.values()];
    await Promise.all(watchers.map((watcher) => watcher.stop()));
  }

  async #watch<Kept>(name: string, kind: Versioned<KindRef>, how: Selection & How<Kept>): Promise<void> {
    const places: readonly Selection[] = this.#options.namespaces?.map((namespace) => ({ namespace })) ?? [
      {},
    ];
    if (this.#isStopped) return;
    const watches = this.#byKind.get(name) ?? places.map((place) => this.#start(kind, { ...how, ...place }));
    this.#byKind.set(name, watches);
    const first = watches.map(({ watcher, listed }) => (how.optional ? listed : watcher.synced));
    // What is stopped before it has heard anything never will.
    await Promise.race([Promise.all(first), this.#stopped.promise]);
  }

  #start<Kept>(kind: Versioned<KindRef>, how: Selection & How<Kept>): StartedWatch<Kept> {
    const { api, log } = this.#options;
    const notServed = Promise.withResolvers<void>();
    const watched = { kind: kindName(kind), ...(how.namespace ? { namespace: how.namespace } : {}) };
    let told = '';
    const watcher = watchKind(api, {
      ...how,
      kind,
      onState(state, detail) {
        const isAbsent = state === WATCH_STATES.NotServed;
        if (isAbsent) notServed.resolve();
        const isTrouble = state === WATCH_STATES.Retrying || (isAbsent && !how.optional);
        if (isTrouble && told !== detail)
          log.warn({ ...watched, state, detail }, 'the watch was interrupted and goes on');
        if (state === WATCH_STATES.Watching && told) log.info({ ...watched, state }, 'the watch is back');
        how.onState?.(state);
        if (isTrouble) told = detail;
        else if (state === WATCH_STATES.Watching) told = '';
      },
      onHandlerError: (error) =>
        log.error({ ...watched, error: String(error) }, 'a change could not be handled'),
    });
    return { watcher, listed: Promise.race([watcher.synced, notServed.promise]) };
  }
}

function statusOf(
  kind: string,
  { state, trouble, size, lastHeardAt, counts }: Watcher<unknown>,
): WatchStatus {
  const at = lastHeardAt > 0 ? new Date(lastHeardAt).toISOString() : '';
  return { kind, state, trouble, objects: size, lastHeardAt: at, counts };
}

interface How<Kept> {
  /** Undefined: the object is passed over. */
  readonly trim: (object: Manifest) => Kept | undefined;
  /** A server need not know the kind. */
  readonly optional?: boolean;
  readonly onState?: (state: WatchState) => void;
  readonly onChange: (change: Change<Kept>) => void;
}
