/**
 * From the cluster to Temporal: watches an operator's resources and their objects, and says "look again" to the workflow
 * of a resource when there is something new to see.
 *
 * **Guarantees**: the last change is always told, through lost watches, storms and absent servers; a restart with
 * nothing changed tells nothing. **Assumptions**: one bridge an operator leads; two tell everything twice, which is harmless.
 */
import { once } from 'node:events';
import type { Client } from '@temporalio/client';
import type { ResourceDefinition } from '../api/resource.ts';
import type { Manifest } from '../core/manifest.ts';
import { namespaceOfWorkflow } from '../core/refs.ts';
import type { WatchableApi } from '../kubernetes/api.ts';
import { pause } from '../kubernetes/backoff.ts';
import type { Change } from '../kubernetes/watcher.ts';
import { Addressees } from './addressees.ts';
import type { ObjectFollower } from './awaited.ts';
import { Awaited } from './awaited.ts';
import type { ComparisonsStatus } from './comparisons.ts';
import { Differences } from './differences.ts';
import { ObjectNews } from './object-news.ts';
import { OwnedObjects } from './owned-objects.ts';
import type { Log } from '../core/log.ts';
import type { Namespaces } from './predicates.ts';
import { asksForMore, hasOtherFinalizers, isIgnored, isWatched } from './predicates.ts';
import type { KnownResource, ResourceReader } from './resources.ts';
import { References } from './references.ts';
import { Relocation } from './relocation.ts';
import { Resync } from './resync.ts';
import { hasExternals, kindsOf, Resources, seenOf } from './resources.ts';
import type { ScalerReader } from './scalers.ts';
import { Scalers } from './scalers.ts';
import type { SignallerStatus } from './signaller.ts';
import { Signaller } from './signaller.ts';
import type { Standing } from './standing.ts';
import { standingOf } from './standing.ts';
import { Sweep } from './sweep.ts';
import type { WatchStatus } from './watches.ts';
import { Watches } from './watches.ts';

export interface BridgeOptions {
  readonly operator: { readonly name: string; readonly resource: ResourceDefinition };
  /** Where the workflows of this bridge's resources run. @defaultValue the name of the operator */
  readonly taskQueue?: string;
  readonly api: WatchableApi;
  /** On a native connection: it costs less than half the CPU of the other. */
  readonly client: Client;
  readonly namespaces?: Namespaces;
  /** Whether the Temporal namespace knows this project's search attributes. */
  readonly searchAttributes: boolean;
  /** @defaultValue {@link DEFAULT_RESYNC_PERIOD_MS} */
  readonly resyncPeriodMs?: number;
  /** @defaultValue {@link DEFAULT_SWEEP_PERIOD_MS} */
  readonly sweepPeriodMs?: number;
  /** @defaultValue {@link DEFAULT_RESYNCS} */
  readonly resyncs?: number;
  readonly log: Log;
}

/** Within this time each resource is compared again with what its status says; what differs is told. */
export const DEFAULT_RESYNC_PERIOD_MS = 600_000;
/** How often the workflows that run are compared with the resources there are; two sweeps find a loss. */
export const DEFAULT_SWEEP_PERIOD_MS = 20_000;
/** A kind of which nothing is heard must not keep the bridge from starting; its resources are looked at instead. */
const KIND_SYNC_MS = 10_000;

export interface BridgeStatus {
  /** Whether everything was listed once. */
  readonly synced: boolean;
  /** Whether it tells what it sees. */
  readonly leads: boolean;
  readonly resources: number;
  readonly objects: number;
  readonly signals: SignallerStatus;
  readonly watches: readonly WatchStatus[];
  /** Absent where another bridge leads. */
  readonly comparisons?: ComparisonsStatus;
}

export interface Bridge {
  /** Watches; resolves when everything was listed. Nothing is told before `lead`. */
  start(): Promise<void>;
  /** Tells whoever needs a look, now and from now on. */
  lead(): void;
  /** Goes on watching, and tells nothing: what is missed is found by whoever leads next. */
  follow(): void;
  stop(): Promise<void>;
  readonly resources: ResourceReader;
  readonly scalers: ScalerReader;
  readonly objects: ObjectFollower;
  status(): BridgeStatus;
  /** How the resources stand; only the bridge that leads says it, so that of several replicas one does. */
  standing(): Standing | undefined;
}

export function createBridge(options: BridgeOptions): Bridge {
  return new OperatorBridge(options);
}

class OperatorBridge implements Bridge {
  readonly resources: Resources;
  readonly scalers: ScalerReader;
  readonly #scalers: Scalers;
  readonly objects: Awaited;
  readonly #options: BridgeOptions;
  readonly #addressees: Addressees;
  readonly #signaller: Signaller;
  readonly #objects: OwnedObjects;
  readonly #news: ObjectNews;
  readonly #watches: Watches;
  readonly #references: References;
  readonly #differences: Differences;
  readonly #resync: Resync;
  readonly #stopping = new AbortController();
  /** Of the time it leads; undefined while it follows. */
  #leading: AbortController | undefined;
  #background: Promise<unknown> = Promise.resolve();
  #synced = false;

  constructor(options: BridgeOptions) {
    const { operator, api, client, namespaces, searchAttributes, resyncs, log } = options;
    const { taskQueue = operator.name } = options;
    this.#options = options;
    this.#resync = new Resync({
      periodMs: this.#periodMs,
      compare: (uid, isFirst) => this.#compare(uid, isFirst),
      log,
    });
    this.resources = new Resources(operator.resource);
    this.#addressees = new Addressees({ client, taskQueue, searchAttributes });
    this.#signaller = new Signaller({ log, ...(resyncs === undefined ? {} : { resyncs }) });
    this.#scalers = new Scalers((target) => this.#objects.takeTarget(target));
    this.scalers = {
      in: (namespace) => (this.#watches.knowsScalers ? this.#scalers.in(namespace) : undefined),
    };
    this.#objects = new OwnedObjects(
      (news, object) => {
        if (!this.objects.take(news, object) && this.#speaks) this.#news.take(news, object);
      },
      (workload) => this.#scalers.of(workload),
    );
    this.objects = new Awaited((uid) => this.#objects.get(uid));
    this.#news = new ObjectNews({
      objects: this.#objects,
      resourceOf: (owner) => this.#lookedAfter(owner),
      say: (resource, hint) => this.#signaller.say(this.#addressees.living(resource.ref), hint),
    });
    this.#watches = new Watches({
      operator,
      api,
      namespaces: namespaces?.allowed,
      log,
      onResource: (change) => this.#takeResource(change),
      onObject: (change) => this.#objects.takeObject(change),
      onPod: (change) => this.#objects.takePod(change),
      onScaler: (change) => this.#scalers.take(change),
    });
    this.#references = this.#referencesOf(options);
    this.#differences = new Differences({
      objects: this.#objects,
      references: this.#references,
      watches: this.#watches,
    });
  }

  #referencesOf({ api, namespaces, log }: BridgeOptions): References {
    return new References({
      api,
      watches: this.#watches,
      byNamespace: namespaces?.allowed !== undefined,
      tell: (workflowId) => {
        const resource = this.#lookedAfter(workflowId);
        if (resource && this.#speaks) this.#tell(resource, false);
      },
      log,
    });
  }

  async start(): Promise<void> {
    const { signal } = this.#stopping;
    await Promise.race([this.#watches.watchResources(), once(signal, 'abort')]);
    const kinds = new Set(this.resources.values().flatMap((each) => kindsOf(each)));
    await Promise.race([
      Promise.all([...Array.from(kinds, (kind) => this.#watches.watchOwned(kind)), this.#references.start()]),
      pause(KIND_SYNC_MS, signal),
    ]);
    if (signal.aborted) return;
    this.#synced = true;
    this.#references.keepUp();
    for (const resource of this.resources.values()) this.#watchKindsOf(resource);
    if (this.#leading) this.#takeOver(this.#leading.signal);
  }

  lead(): void {
    if (this.#leading || this.#stopping.signal.aborted) return;
    this.#leading = new AbortController();
    if (this.#synced) this.#takeOver(this.#leading.signal);
  }

  follow(): void {
    this.#leading?.abort();
    this.#leading = undefined;
  }

  /** What happened while nobody led, or while the former leader was dying, is told now. */
  #takeOver(signal: AbortSignal): void {
    this.#differences.clear();
    this.#resync.begin(this.resources.values().map(({ uid }) => uid));
    const tasks = [this.#sweep(signal), this.#resync.run(signal), this.#tidy(signal)];
    this.#background = Promise.all([this.#background, ...tasks]);
  }

  get #speaks(): boolean {
    return this.#synced && this.#leading !== undefined;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.follow();
    this.#references.stop();
    await Promise.all([this.#watches.stop(), this.#background]);
    this.objects.stop();
    this.#news.stop();
    this.#objects.clear();
    await this.#signaller.stop();
  }

  status(): BridgeStatus {
    return {
      synced: this.#synced,
      leads: this.#leading !== undefined,
      resources: this.resources.size,
      objects: this.#objects.size,
      signals: this.#signaller.status(),
      watches: this.#watches.status(),
      ...(this.#speaks ? { comparisons: this.#resync.status() } : {}),
    };
  }

  standing(): Standing | undefined {
    return this.#speaks ? standingOf(this.resources.values(), Date.now()) : undefined;
  }

  #takeResource({ type, object, previous }: Change<Manifest>): void {
    if (!isWatched(object.metadata.namespace, this.#namespaces)) return;
    const resource = this.resources.of(object);
    if (type === 'DELETED') return this.#takeDeleted(resource);
    this.resources.put(resource);
    this.#references.put(resource);
    if (!this.#synced) return;
    this.#resync.add(resource.uid);
    this.#watchKindsOf(resource);
    const isMore = asksForMore(previous, object);
    if (isMore) this.objects.interrupt(resource.workflowId);
    if (this.#speaks && (isMore || this.#differences.isOverwritten(resource, performance.now())))
      this.#tell(resource, hasOtherFinalizers(previous, object));
  }

  #watchKindsOf(resource: KnownResource): void {
    for (const kind of kindsOf(resource))
      if (!this.#watches.watches(kind)) void this.#watches.watchOwned(kind);
  }

  #takeDeleted(resource: KnownResource): void {
    this.#differences.forget(resource.workflowId);
    this.#resync.forget(resource.uid);
    if (!this.resources.remove(resource)) return;
    this.#references.remove(resource.workflowId);
    if (!this.#speaks) return;
    this.#signaller.say(this.#addressees.remaining(resource.workflowId), { resource: seenOf(resource) });
  }

  #tell(resource: KnownResource, resync: boolean): void {
    const hint = { resource: seenOf(resource), ...(resync ? { resync } : {}) };
    this.#signaller.say(this.#addressees.living(resource.ref), hint);
  }

  #lookedAfter(owner: string): KnownResource | undefined {
    const resource = this.resources.ofOwner(owner);
    return resource && !isIgnored(resource.manifest) ? resource : undefined;
  }

  /** Compares a resource with its status, and answers whether it is still known. */
  #compare(uid: string, isFirst: boolean): boolean {
    const resource = this.resources.ofOwner(uid);
    if (resource?.uid !== uid) return false;
    if (isIgnored(resource.manifest)) return true;
    // No watch tells what becomes of objects behind an API. When they were looked at last, the sweep finds out.
    const isBlind = !isFirst && hasExternals(resource);
    if (isBlind || this.#differences.take(resource)) this.#tell(resource, true);
    return true;
  }

  /** Ends watches that nobody needs any more. */
  async #tidy(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(this.#periodMs, signal);
      this.#references.retire();
    }
  }

  #sweep(signal: AbortSignal): Promise<void> {
    const { log, sweepPeriodMs = DEFAULT_SWEEP_PERIOD_MS } = this.#options;
    const relocation = new Relocation({
      ...this.#options,
      isWatched: (workflowId) => isWatched(namespaceOfWorkflow(workflowId), this.#namespaces),
      onEnded: (workflowId) => this.#begin(workflowId),
    });
    const sweep = new Sweep({
      running: () => this.#running(),
      countRunning: () => this.#addressees.countRunning(),
      wanted: () => new Set(this.#wantedWorkflows()),
      isOrphan: (workflowId) => this.#isOrphan(workflowId),
      elsewhere: () => relocation.settle(),
      onOrphan: (workflowId) => this.#signaller.say(this.#addressees.remaining(workflowId), { resync: true }),
      onLost: (workflowId) => {
        log.warn({ workflowId }, 'no workflow looks after this resource; one is started');
        this.#begin(workflowId);
      },
    });
    return sweep.often({ periodMs: sweepPeriodMs, log, signal });
  }

  /** The workflows that run. The first list of a time of leading tells when a program before looked behind APIs for them. */
  async *#running(): AsyncIterable<string> {
    const times = new Map<string, number>();
    for await (const { workflowId, comparedAt, isUnindexed } of this.#addressees.running()) {
      const resource = this.#lookedAfter(workflowId);
      if (resource && isUnindexed) this.#tell(resource, true);
      if (resource && hasExternals(resource)) times.set(resource.uid, comparedAt);
      yield workflowId;
    }
    this.#resync.learn(times);
  }

  /** What was signalled to a workflow that has ended is lost with it, so everything is looked at. */
  #begin(workflowId: string): void {
    const resource = this.resources.ofOwner(workflowId);
    if (resource) this.#tell(resource, true);
  }

  #wantedWorkflows(): readonly string[] {
    const all = this.resources.values();
    return all.flatMap(({ workflowId, manifest }) => (isIgnored(manifest) ? [] : [workflowId]));
  }

  #isOrphan(workflowId: string): boolean {
    return (
      !this.resources.ofOwner(workflowId) && isWatched(namespaceOfWorkflow(workflowId), this.#namespaces)
    );
  }

  get #periodMs(): number {
    return this.#options.resyncPeriodMs ?? DEFAULT_RESYNC_PERIOD_MS;
  }

  get #namespaces(): Namespaces {
    return this.#options.namespaces ?? {};
  }
}
