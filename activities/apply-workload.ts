/**
 * Applies a workload with an eye on its replicas, which others may decide about. Server-side apply resets a field that its
 * only owner lets go of, so replicas are handed to a manager of their own before they leave our intent: at no moment are
 * they fewer than they were.
 */
import { ANNOTATIONS } from '../core/labels.ts';
import type { Manifest } from '../core/manifest.ts';
import { isScalable } from '../core/plan/categories.ts';
import { groupOf } from '../core/refs.ts';
import { ONLY_THE_CANARY, partitionFor } from '../core/rollout/canary.ts';
import { handOverManager, replicasOf, withReplicas } from '../core/replicas.ts';
import type { ScaleOrder } from '../core/rollout/scaling.ts';
import { leftTo } from '../core/rollout/scaling.ts';
import type { Scaler, ScaleSeen } from '../core/scalers.ts';
import { scaleOf } from '../core/scalers.ts';
import type { Applied } from '../kubernetes/api.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import type { Dependencies } from './dependencies.ts';
import { findScalers } from './find-scalers.ts';

export interface AppliedWorkload extends Applied {
  readonly scale?: ScaleSeen;
  readonly scaledOnly?: true;
  /** Pods of lower ordinals keep the template that they have. */
  readonly partition?: number;
}

export interface WorkloadOrder extends ScaleOrder {
  /** Managers that changed it; absent when none is known. */
  readonly editors?: readonly string[];
  /** How many pods of a StatefulSet may have the new template; absent where all change together. */
  readonly canary?: number;
}

type Parts = Pick<Dependencies, 'api' | 'operator' | 'scalers' | 'log'>;

/** A live workload, and what is known of its replicas. */
interface Sight {
  readonly live: Manifest;
  readonly seen: ScaleSeen;
  readonly scalers: readonly Scaler[];
}

export function applyWorkload(
  parts: Parts,
  manifest: Manifest,
  order: WorkloadOrder,
  signal: AbortSignal,
): Promise<AppliedWorkload> {
  return new WorkloadApply(parts, manifest, signal).run(order);
}

class WorkloadApply {
  readonly #parts: Parts;
  readonly #manifest: Manifest;
  readonly #signal: AbortSignal;

  constructor(parts: Parts, manifest: Manifest, signal: AbortSignal) {
    this.#parts = parts;
    this.#manifest = manifest;
    this.#signal = signal;
  }

  async run(order: WorkloadOrder): Promise<AppliedWorkload> {
    if (!isScalable(this.#manifest)) return this.#apply(this.#manifest, true);
    const { replicas, scaleOnly, handOver, canary } = order;
    if (replicas !== undefined && scaleOnly) return this.#scale(replicas, order);
    if (canary !== undefined) return this.#show(canary, order);
    if (replicas !== undefined) return this.#set(replicas, order);
    const sight = handOver ? await this.#look() : undefined;
    if (sight) return this.#leave(sight);
    const applied = await this.#apply(this.#manifest, true);
    return this.#told(applied, await findScalers(this.#parts, this.#manifest.metadata.namespace));
  }

  /**
   * Of exactly the object that was seen: an autoscaler that grows it between the look and the write would make the partition
   * that was computed one of too many pods.
   */
  async #show(canary: number, order: WorkloadOrder): Promise<AppliedWorkload> {
    for (let attempt = 1; ; attempt++) {
      const sight = await this.#look();
      if (!sight) return this.#showNew(canary, order);
      const { live, seen, scalers } = sight;
      const own = leftTo(order, seen) ? undefined : order.replicas;
      const partition = partitionFor(canary, own ?? seen.replicas);
      const few = partitioned(withReplicas(this.#manifest, own), partition);
      try {
        const isLetGo = seen.owned && own === undefined;
        const base = isLetGo ? (await this.#hold(live, seen.replicas)).object : live;
        const applied = await this.#apply(only(few, base), true);
        return { ...this.#told(own === undefined ? applied : kept(own, applied), scalers), partition };
      } catch (error) {
        if (!isVersionConflict(error) || attempt === MOST_TRIES) throw error;
      }
    }
  }

  /** Somebody deleted it: all of its pods are made of the new template. */
  async #showNew(canary: number, { replicas }: WorkloadOrder): Promise<AppliedWorkload> {
    const partition = partitionFor(canary, replicas ?? 1);
    const few = partitioned(withReplicas(this.#manifest, replicas), partition);
    return { ...this.#told(await this.#apply(few, true), []), partition };
  }

  /**
   * Unforced at first: a conflict about the replicas tells that somebody else decides about them, perhaps since a moment. Of
   * what somebody has edited, that it conflicts is known.
   */
  async #set(replicas: number, order: WorkloadOrder): Promise<AppliedWorkload> {
    const wanted = withReplicas(this.#manifest, replicas);
    const unforced = order.editors ? undefined : await this.#applyUnforced(wanted);
    if (unforced) return this.#told(kept(replicas, unforced), []);
    const sight = await this.#look();
    const other = sight && leftTo({ ...order, replicas }, sight.seen);
    if (sight && other) return this.#leave(sight);
    return this.#told(kept(replicas, await this.#apply(wanted, true)), []);
  }

  /**
   * Our own apply would bring the new template, or take the replicas before they are as planned, so the manager of the hand-over
   * asks for the pods.
   */
  async #scale(replicas: number, order: WorkloadOrder): Promise<AppliedWorkload> {
    const sight = await this.#look();
    if (!sight) return this.#set(replicas, order);
    const { live, seen, scalers } = sight;
    const isThere = order.returning ? seen.replicas <= replicas : seen.replicas >= replicas;
    if (leftTo({ ...order, replicas }, seen) || isThere)
      return { object: live, created: false, scale: seen, scaledOnly: true };
    return { ...this.#told(kept(replicas, await this.#hold(live, replicas)), scalers), scaledOnly: true };
  }

  async #leave({ live, seen, scalers }: Sight): Promise<AppliedWorkload> {
    if (seen.owned) await this.#hold(live, seen.replicas);
    return this.#told(await this.#apply(this.#manifest, true), scalers);
  }

  /** Of exactly the object that was seen: replicas that changed meanwhile must not be set back. */
  #hold(live: Manifest, replicas: number): Promise<Applied> {
    const { apiVersion, kind, metadata } = live;
    const { name, namespace } = metadata;
    const place = { name, ...(namespace ? { namespace } : {}) };
    return this.#parts.api.apply(only({ apiVersion, kind, metadata: place, spec: { replicas } }, live), {
      fieldManager: handOverManager(this.#parts.operator.name),
      signal: this.#signal,
    });
  }

  #apply(manifest: Manifest, force: boolean): Promise<Applied> {
    const { api, operator } = this.#parts;
    return api.apply(manifest, { fieldManager: operator.name, force, signal: this.#signal });
  }

  /** Undefined when somebody else owns a field of it. */
  async #applyUnforced(manifest: Manifest): Promise<Applied | undefined> {
    try {
      return await this.#apply(manifest, false);
    } catch (error) {
      if (isFieldConflict(error)) return undefined;
      throw error;
    }
  }

  async #look(): Promise<Sight | undefined> {
    const { apiVersion, kind, metadata } = this.#manifest;
    const { name, namespace } = metadata;
    const ref = { group: groupOf(apiVersion), kind, ...(namespace ? { namespace } : {}), name };
    const live = await this.#parts.api.get(ref, { signal: this.#signal });
    const scalers = live ? await findScalers(this.#parts, namespace) : [];
    const seen = live && scaleOf(live, this.#parts.operator.name, scalers);
    return live && seen ? { live, seen, scalers } : undefined;
  }

  #told(applied: Applied, scalers: readonly Scaler[]): AppliedWorkload {
    const scale = scaleOf(applied.object, this.#parts.operator.name, scalers);
    return { ...applied, ...(scale ? { scale } : {}) };
  }
}

/** How often a canary is applied where something changes the workload at each try; then it is tried again later. */
const MOST_TRIES = 5;

/** Its digest is not that of the plan: a workflow that knows nothing of the rollout finds its canary, and goes on with that. */
function partitioned(manifest: Manifest, partition: number): Manifest {
  const { metadata } = manifest;
  const spec = manifest['spec'] as { readonly updateStrategy?: { readonly rollingUpdate?: object } };
  const annotations = { ...metadata.annotations, [ANNOTATIONS.digest]: ONLY_THE_CANARY };
  const rollingUpdate = { ...spec.updateStrategy?.rollingUpdate, partition };
  return {
    ...manifest,
    metadata: { ...metadata, annotations },
    spec: { ...spec, updateStrategy: { ...spec.updateStrategy, rollingUpdate } },
  };
}

/** The manifest, to be applied to exactly this object. */
function only(manifest: Manifest, { metadata: { uid, resourceVersion } }: Manifest): Manifest {
  const place = { ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}) };
  return { ...manifest, metadata: { ...manifest.metadata, ...place } };
}

/** What something at the API server changes in every apply would be applied for ever. */
function kept(replicas: number, applied: Applied): Applied {
  const live = replicasOf(applied.object);
  if (live === replicas) return applied;
  throw new StatusError(
    `spec.replicas: asked for ${replicas}, and the API server keeps ${live}; something there changes it, such as an ` +
      `admission webhook: let it leave the replicas alone, or say by the annotation ${ANNOTATIONS.scaledBy} who decides`,
    { code: 422, reason: 'Invalid' },
  );
}

function isFieldConflict(error: unknown): boolean {
  return (
    error instanceof StatusError &&
    error.reason === 'Conflict' &&
    error.causes.some(({ reason }) => reason === 'FieldManagerConflict')
  );
}

/** It is not the object that was seen any longer. */
function isVersionConflict(error: unknown): boolean {
  return error instanceof StatusError && error.reason === 'Conflict' && !isFieldConflict(error);
}
