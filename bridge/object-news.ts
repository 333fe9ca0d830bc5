import type { ObjectKey } from '../core/refs.ts';
import { objectKey } from '../core/refs.ts';
import type { Hint } from '../core/hint.ts';
import type { News } from './news.ts';
import { NEWS } from './news.ts';
import type { OwnedObject, OwnedObjects } from './owned-objects.ts';
import { isWorkloadObject } from './owned-objects.ts';
import type { KnownResource } from './resources.ts';

export interface ObjectNewsOptions {
  readonly objects: OwnedObjects;
  /** Undefined when nobody looks after the owner's objects. */
  readonly resourceOf: (owner: string) => KnownResource | undefined;
  readonly say: (resource: KnownResource, hint: Hint) => void;
}

/** A pod that dies and comes back within this time is not news. */
export const BLIP_MS = 1_000;
/** What takes longer than this is looked at, so that the status says what it waits for. */
export const LINGER_MS = 3_000;
/** While other workloads of the resource are on their way, one that is there waits this long for their company. */
export const COMPANY_MS = 1_000;

/** Decides when news of an object is told: at once, after it has lasted, or together with that of its siblings. */
export class ObjectNews {
  readonly #options: ObjectNewsOptions;
  readonly #late = new Map<string, NodeJS.Timeout>();
  readonly #gathered = new Map<string, { readonly keys: Set<ObjectKey>; readonly timer: NodeJS.Timeout }>();

  constructor(options: ObjectNewsOptions) {
    this.#options = options;
  }

  take(news: News, object: OwnedObject): void {
    const resource = this.#options.resourceOf(object.owner);
    if (!resource) return;
    if (news === NEWS.Left) return this.#later(object, BLIP_MS);
    if (news === NEWS.Lingers) return this.#later(object, LINGER_MS);
    if (news === NEWS.Turned && object.verdict.state === 'Current') return this.#gather(resource, object);
    this.#say(resource, object);
  }

  stop(): void {
    for (const timer of this.#late.values()) clearTimeout(timer);
    for (const id of this.#gathered.keys()) this.#flush(id);
    this.#late.clear();
  }

  /** Tells it if it is not Current then. */
  #later({ lean: { uid } }: OwnedObject, ms: number): void {
    if (this.#late.has(uid)) return;
    const timer = setTimeout(() => {
      this.#late.delete(uid);
      const object = this.#options.objects.get(uid);
      const resource = object && this.#options.resourceOf(object.owner);
      if (resource && object.verdict.state !== 'Current') this.#say(resource, object);
    }, ms);
    timer.unref();
    this.#late.set(uid, timer);
  }

  #gather(resource: KnownResource, object: OwnedObject): void {
    const { workflowId } = resource;
    const gathered = this.#gathered.get(workflowId);
    const key = keyOf(resource, object);
    if (!this.#isAwaited(resource)) {
      gathered?.keys.add(key);
      if (gathered) this.#flush(workflowId);
      else this.#options.say(resource, { objects: [key] });
    } else if (gathered) gathered.keys.add(key);
    else {
      const timer = setTimeout(() => this.#flush(workflowId), COMPANY_MS);
      timer.unref();
      this.#gathered.set(workflowId, { keys: new Set([key]), timer });
    }
  }

  /** Whether a workload of the resource is still on its way. */
  #isAwaited({ uid, workflowId }: KnownResource): boolean {
    const { objects } = this.#options;
    const siblings = [...objects.ownedBy(uid), ...objects.ownedBy(workflowId)];
    return siblings.some((each) => each.verdict.state === 'InProgress' && isWorkloadObject(each));
  }

  #flush(workflowId: string): void {
    const gathered = this.#gathered.get(workflowId);
    if (!gathered) return;
    clearTimeout(gathered.timer);
    this.#gathered.delete(workflowId);
    const resource = this.#options.resourceOf(workflowId);
    if (resource) this.#options.say(resource, { objects: [...gathered.keys] });
  }

  /** What is gathered goes with it. */
  #say(resource: KnownResource, object: OwnedObject): void {
    this.#options.say(resource, { objects: [keyOf(resource, object)] });
    this.#flush(resource.workflowId);
  }
}

function keyOf({ ref }: KnownResource, { lean }: OwnedObject): ObjectKey {
  return objectKey(lean.ref, ref.namespace);
}
