import type { Health } from '../core/health/health.ts';
import { health } from '../core/health/index.ts';
import type { Manifest } from '../core/manifest.ts';
import { controllerOf } from '../core/ownership.ts';
import { CATEGORIES, categoryOfKind, isScalable } from '../core/plan/categories.ts';
import type { ObjectRef } from '../core/refs.ts';
import { kindName } from '../core/refs.ts';
import { replicasOf } from '../core/replicas.ts';
import { ONLY_THE_CANARY } from '../core/rollout/canary.ts';
import type { Change } from '../kubernetes/watcher.ts';
import type { LeanObject, LeanPod } from './lean-objects.ts';
import { workloadId } from './lean-objects.ts';
import type { Judged, News } from './news.ts';
import { NEWS, newsOf } from './news.ts';

/** An owned object, its verdict, and to whom it belongs. */
export interface OwnedObject extends Judged {
  readonly lean: LeanObject;
  readonly owner: string;
  readonly verdict: Health;
}

/** Who scales a workload in the operator's place. */
export type ScalerOf = (workload: Manifest) => string | undefined;

export type Tell = (news: News, object: OwnedObject) => void;

/** Kinds whose objects are done when they are applied, though they have a status. */
const CURRENT: Health = { state: 'Current', reason: '', message: '' };
const TERMINATING: Health = { state: 'Terminating', reason: 'Terminating', message: '' };

/**
 * Every object of the operator's resources: judged as its events come, again when a pod of it changes, and again when
 * its verdict turns by time alone.
 */
export class OwnedObjects {
  readonly #tell: Tell;
  readonly #scalerOf: ScalerOf;
  readonly #byUid = new Map<string, OwnedObject>();
  readonly #byOwner = new Map<string, Map<string, OwnedObject>>();
  readonly #uidOfWorkload = new Map<string, string>();
  readonly #pods = new Map<string, Map<string, LeanPod>>();
  readonly #looks = new Map<string, NodeJS.Timeout>();

  constructor(tell: Tell, scalerOf: ScalerOf) {
    this.#tell = tell;
    this.#scalerOf = scalerOf;
  }

  get size(): number {
    return this.#byUid.size;
  }

  get(uid: string): OwnedObject | undefined {
    return this.#byUid.get(uid);
  }

  /** What belongs to a resource, by its uid. */
  *ownedBy(owner: string): IterableIterator<OwnedObject> {
    yield* this.#byOwner.get(owner)?.values() ?? [];
  }

  takeObject({ type, object, listed }: Change<LeanObject>): void {
    const before = this.#byUid.get(object.uid);
    if (type === 'DELETED') return this.#drop(object);
    const isTaken = before !== undefined && before.owner !== object.owner;
    if (isTaken) this.#forget(object.uid);
    if (object.owner !== undefined) this.#judge(object, object.owner, listed);
    // Whoever had it hears of it, too: its own objects are as it applied them no more.
    if (isTaken) this.#tell(NEWS.Deviates, before);
  }

  takePod({ type, object, previous }: Change<LeanPod>): void {
    if (previous) this.#removePod(previous);
    if (type !== 'DELETED') this.#addPod(object);
    this.#judgeAgain(this.#uidOfWorkload.get(object.workload) ?? '');
  }

  /** Its autoscaler came, went, or scales another one now. */
  takeTarget({ namespace, kind, name }: ObjectRef): void {
    const known = this.#byUid.get(this.#uidOfWorkload.get(workloadId(namespace, kind, name)) ?? '');
    if (known) this.#judge(known.lean, known.owner, false);
  }

  clear(): void {
    for (const timer of this.#looks.values()) clearTimeout(timer);
    this.#looks.clear();
  }

  #addPod(pod: LeanPod): void {
    const pods = this.#pods.get(pod.workload) ?? new Map<string, LeanPod>();
    pods.set(pod.uid, pod);
    this.#pods.set(pod.workload, pods);
  }

  #removePod({ workload, uid }: LeanPod): void {
    const pods = this.#pods.get(workload);
    pods?.delete(uid);
    if (pods?.size === 0) this.#pods.delete(workload);
  }

  /** A workload that is Current by its own counters stays so whatever a single pod says: most pod events end here. */
  #judgeAgain(uid: string): void {
    const known = this.#byUid.get(uid);
    if (known && known.verdict.state !== 'Current') this.#judge(known.lean, known.owner, false);
  }

  #judge(lean: LeanObject, owner: string, listed: boolean): void {
    const { uid, generation, applied, judged } = lean;
    const before = this.#byUid.get(uid);
    const verdict = this.#verdictOf(lean);
    const scaler = judged && isScalable(judged) ? this.#scalerOf(judged) : undefined;
    const replicas = judged && applied.digest === ONLY_THE_CANARY ? replicasOf(judged) : undefined;
    const after: OwnedObject = {
      ...{ lean, owner, generation, applied, verdict },
      develops: judged !== undefined,
      ...(scaler ? { scaler } : {}),
      ...(replicas === undefined ? {} : { replicas }),
    };
    this.#remember(after);
    this.#lookAgain(uid, verdict.lookAgainMs);
    const news = newsOf(before, after, listed);
    if (news) this.#tell(news, after);
  }

  #verdictOf({ judged, deleting, ref }: LeanObject): Health {
    if (!judged) return deleting ? TERMINATING : CURRENT;
    const pods = this.#pods.get(workloadId(ref.namespace, ref.kind, ref.name))?.values() ?? [];
    const own = Array.from(pods, ({ pod }) => pod).filter((pod) => isOfWorkload(pod, judged));
    return health(judged, own, { now: Date.now() });
  }

  #remember(object: OwnedObject): void {
    const { owner, lean } = object;
    this.#byUid.set(lean.uid, object);
    const siblings = this.#byOwner.get(owner) ?? new Map<string, OwnedObject>();
    siblings.set(lean.uid, object);
    this.#byOwner.set(owner, siblings);
    if (isWorkloadObject(object))
      this.#uidOfWorkload.set(workloadId(lean.ref.namespace, lean.ref.kind, lean.ref.name), lean.uid);
  }

  #lookAgain(uid: string, afterMs: number | undefined): void {
    clearTimeout(this.#looks.get(uid));
    this.#looks.delete(uid);
    if (afterMs === undefined) return;
    const timer = setTimeout(() => {
      this.#looks.delete(uid);
      this.#judgeAgain(uid);
    }, afterMs + 50);
    timer.unref();
    this.#looks.set(uid, timer);
  }

  #drop(object: LeanObject): void {
    const known = this.#byUid.get(object.uid);
    this.#forget(object.uid);
    if (known) this.#tell(NEWS.Gone, known);
  }

  #forget(uid: string): void {
    const known = this.#byUid.get(uid);
    if (!known) return;
    this.#lookAgain(uid, undefined);
    this.#byUid.delete(uid);
    const siblings = this.#byOwner.get(known.owner);
    siblings?.delete(uid);
    if (siblings?.size === 0) this.#byOwner.delete(known.owner);
    const { namespace, kind, name } = known.lean.ref;
    const id = workloadId(namespace, kind, name);
    if (this.#uidOfWorkload.get(id) === uid) this.#uidOfWorkload.delete(id);
  }
}

/** Pods of a Deployment are known by their ReplicaSet's name; every other workload controls its pods itself. */
function isOfWorkload(pod: Manifest, { kind, metadata }: Manifest): boolean {
  const controller = controllerOf(pod);
  return controller?.kind !== kind || controller.uid === metadata.uid;
}

export function isWorkloadObject({ lean }: OwnedObject): boolean {
  return categoryOfKind(kindName(lean.ref)) === CATEGORIES.Workloads;
}
