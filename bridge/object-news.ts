import type { ObjectKey } from '../core/refs.ts';
import { objectKey } from '../core/refs.ts';
import type { Hint } from '../core/hint.ts';
import { Flaps } from './flaps.ts';
import type { News } from './news.ts';
import { NEWS } from './news.ts';
import type { OwnedObject, OwnedObjects } from './owned-objects.ts';
import { isWorkloadObject } from './owned-objects.ts';
import type { KnownResource } from './resources.ts';

export interface ObjectNewsOptions {
  readonly objects: Pick<OwnedObjects, 'get' | 'ownedBy'>;
  /** Undefined when nobody looks after the owner's objects. */
  readonly resourceOf: (owner: string) => KnownResource | undefined;
  readonly say: (resource: KnownResource, hint: Hint) => void;
}

/** A pod that dies and comes back within this time is not news. */
export const BLIP_MS = 1_000;
/** A resource whose objects take longer than this is looked at, so that its status says what they wait for. */
export const LINGER_MS = 10_000;
/** Objects that go together, as those of a prune, are told together. */
export const GONE_MS = 50;
/** While other workloads of the resource are on their way, one that is there waits this long for their company. */
export const COMPANY_MS = 1_000;

/** Decides when news of an object is told: at once, after it has lasted, or together with that of its siblings. */
export class ObjectNews {
  readonly #options: ObjectNewsOptions;
  readonly #late = new Map<string, NodeJS.Timeout>();
  readonly #lingersSince = new Map<
    string,
    { readonly generation: number | undefined; readonly at: number }
  >();
  readonly #goneKeys = new Map<string, Set<ObjectKey>>();
  /** By workflow id, the uids of Jobs that are spent, until they are told. */
  readonly #spent = new Map<string, Set<string>>();
  readonly #gathered = new Map<string, { readonly keys: Set<ObjectKey>; readonly timer: NodeJS.Timeout }>();

  readonly #flaps: Flaps;

  constructor(options: ObjectNewsOptions) {
    this.#options = options;
    this.#flaps = new Flaps((workflowId, keys) => {
      const resource = options.resourceOf(workflowId);
      if (!resource) return;
      this.#tell(resource, keys);
      this.#flush(workflowId);
    });
  }

  take(news: News, object: OwnedObject): void {
    if (news !== NEWS.Lingers) this.#lingersSince.delete(object.lean.uid);
    if (news === NEWS.Gone) this.#flaps.forget(object.lean.uid);
    const resource = this.#options.resourceOf(object.owner);
    if (!resource) return;
    if (object.verdict.spent) this.#noteSpent(resource, object);
    if (news === NEWS.Left)
      return this.#later(object.lean.uid, BLIP_MS, () => this.#sayIfStill(object.lean.uid));
    if (news === NEWS.Lingers) return this.#linger(resource, object);
    if (news === NEWS.Gone) return this.#gone(resource, object);
    if (news === NEWS.Turned && this.#isHeld(news, resource, object)) return;
    if (news === NEWS.Turned && object.verdict.state === 'Current') return this.#gather(resource, object);
    this.#say(resource, object);
  }

  stop(): void {
    for (const timer of this.#late.values()) clearTimeout(timer);
    this.#flaps.stop();
    for (const id of this.#gathered.keys()) this.#flush(id);
    for (const id of this.#goneKeys.keys()) this.#sayGone(id);
    this.#late.clear();
  }

  #later(id: string, ms: number, then: () => void): void {
    if (this.#late.has(id)) return;
    const timer = setTimeout(() => {
      this.#late.delete(id);
      then();
    }, ms);
    timer.unref();
    this.#late.set(id, timer);
  }

  #sayIfStill(uid: string): void {
    const object = this.#options.objects.get(uid);
    const resource = object && this.#options.resourceOf(object.owner);
    if (!resource || object.verdict.state === 'Current') return;
    if (!this.#isHeld(NEWS.Left, resource, object)) this.#say(resource, object);
  }

  #isHeld(news: News, resource: KnownResource, object: OwnedObject): boolean {
    return this.#flaps.holds(resource.workflowId, news, object, keyOf(resource, object));
  }

  /** Each object has its own patience: a stage that begins late in a rollout does not inherit that of the stage before. */
  #linger({ workflowId }: KnownResource, { generation, lean: { uid } }: OwnedObject): void {
    if (this.#lingersSince.get(uid)?.generation !== generation)
      this.#lingersSince.set(uid, { generation, at: performance.now() });
    this.#later(workflowId, LINGER_MS, () => this.#sayWhatLingers(workflowId));
  }

  #sayWhatLingers(workflowId: string): void {
    const resource = this.#options.resourceOf(workflowId);
    if (!resource) return;
    const now = performance.now();
    const onTheirWay = this.#ownedBy(resource).flatMap((object) => {
      const since = this.#lingersSince.get(object.lean.uid);
      return object.verdict.state === 'InProgress' && since !== undefined
        ? [{ object, leftMs: Math.floor(since.at + LINGER_MS - now) }]
        : [];
    });
    const due = onTheirWay.filter(({ leftMs }) => leftMs <= 0).map(({ object }) => object);
    const later = onTheirWay.map(({ leftMs }) => leftMs).filter((leftMs) => leftMs > 0);
    if (later.length > 0) this.#later(workflowId, Math.min(...later), () => this.#sayWhatLingers(workflowId));
    if (due.length === 0) return;
    for (const { lean } of due) this.#lingersSince.delete(lean.uid);
    this.#tell(
      resource,
      due.map((object) => keyOf(resource, object)),
    );
    this.#flush(workflowId);
  }

  /** What is pruned goes at once, and is told at once. */
  #gone(resource: KnownResource, object: OwnedObject): void {
    const { workflowId } = resource;
    const keys = this.#goneKeys.get(workflowId) ?? new Set<ObjectKey>();
    this.#goneKeys.set(workflowId, keys.add(keyOf(resource, object)));
    this.#later(`${workflowId} gone`, GONE_MS, () => this.#sayGone(workflowId));
  }

  #sayGone(workflowId: string): void {
    const keys = this.#goneKeys.get(workflowId);
    this.#goneKeys.delete(workflowId);
    const resource = this.#options.resourceOf(workflowId);
    if (!resource) this.#spent.delete(workflowId);
    if (!resource || !keys) return;
    this.#tell(resource, [...keys]);
    this.#flush(workflowId);
  }

  #gather(resource: KnownResource, object: OwnedObject): void {
    const { workflowId } = resource;
    const gathered = this.#gathered.get(workflowId);
    const key = keyOf(resource, object);
    if (!this.#isAwaited(resource)) {
      gathered?.keys.add(key);
      if (gathered) this.#flush(workflowId);
      else this.#tell(resource, [key]);
    } else if (gathered) gathered.keys.add(key);
    else {
      const timer = setTimeout(() => this.#flush(workflowId), COMPANY_MS);
      timer.unref();
      this.#gathered.set(workflowId, { keys: new Set([key]), timer });
    }
  }

  /** Whether a workload of the resource is still on its way. */
  #isAwaited(resource: KnownResource): boolean {
    return this.#ownedBy(resource).some(
      (each) => each.verdict.state === 'InProgress' && isWorkloadObject(each),
    );
  }

  #ownedBy({ uid }: KnownResource): OwnedObject[] {
    return [...this.#options.objects.ownedBy(uid)];
  }

  #flush(workflowId: string): void {
    const gathered = this.#gathered.get(workflowId);
    if (!gathered) return;
    clearTimeout(gathered.timer);
    this.#gathered.delete(workflowId);
    const resource = this.#options.resourceOf(workflowId);
    if (resource) this.#tell(resource, [...gathered.keys]);
  }

  #noteSpent({ workflowId }: KnownResource, { lean: { uid } }: OwnedObject): void {
    this.#spent.set(workflowId, (this.#spent.get(workflowId) ?? new Set()).add(uid));
  }

  /** Which Jobs are spent goes with whatever is told next: a look that it causes may find them gone. */
  #tell(resource: KnownResource, objects: readonly ObjectKey[]): void {
    const spent = [...(this.#spent.get(resource.workflowId) ?? [])];
    this.#spent.delete(resource.workflowId);
    const flapped = this.#flaps.take(resource.workflowId).filter((key) => !objects.includes(key));
    this.#options.say(resource, {
      objects: [...objects, ...flapped],
      ...(spent.length > 0 ? { spent } : {}),
    });
  }

  /** What is gathered goes with it. */
  #say(resource: KnownResource, object: OwnedObject): void {
    this.#tell(resource, [keyOf(resource, object)]);
    this.#flush(resource.workflowId);
  }
}

function keyOf({ ref }: KnownResource, { lean }: OwnedObject): ObjectKey {
  return objectKey(lean.ref, ref.namespace);
}
