/**
 * Applies a workload with an eye on its replicas, which others may decide about. Server-side apply resets a field that its
 * only owner lets go of, so replicas are handed to a manager of their own before they leave our intent: at no moment are
 * they fewer than they were.
 */
import { ANNOTATIONS } from '../core/labels.ts';
import type { Manifest } from '../core/manifest.ts';
import { isScalable } from '../core/plan/categories.ts';
import { groupOf } from '../core/refs.ts';
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
  /** Who decides about the replicas from now on. */
  readonly handedTo?: string;
}

export interface WorkloadOrder extends ScaleOrder {
  /** Managers that changed it; absent when none is known. */
  readonly editors?: readonly string[];
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
    const { replicas, scaleOnly, handOver } = order;
    if (replicas !== undefined) return scaleOnly ? this.#grow(replicas, order) : this.#set(replicas, order);
    const sight = handOver ? await this.#look() : undefined;
    return sight
      ? this.#leave(sight, sight.seen.scaler)
      : this.#told(await this.#apply(this.#manifest, true), []);
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
    if (sight && other) return this.#leave(sight, other);
    return this.#told(kept(replicas, await this.#apply(wanted, true)), []);
  }

  /** Our own apply would bring the new template, so the manager of the hand-over asks for the pods. */
  async #grow(replicas: number, order: WorkloadOrder): Promise<AppliedWorkload> {
    const sight = await this.#look();
    if (!sight) return this.#set(replicas, order);
    const { live, seen } = sight;
    if (leftTo({ ...order, replicas }, seen) || seen.replicas >= replicas)
      return { object: live, created: false, scale: seen, scaledOnly: true };
    return { ...this.#told(kept(replicas, await this.#hold(live, replicas)), []), scaledOnly: true };
  }

  async #leave({ live, seen, scalers }: Sight, other: string | undefined): Promise<AppliedWorkload> {
    if (seen.owned) await this.#hold(live, seen.replicas);
    const applied = this.#told(await this.#apply(this.#manifest, true), scalers);
    return { ...applied, ...(other && seen.owned ? { handedTo: other } : {}) };
  }

  /** Of exactly the object that was seen: replicas that changed meanwhile must not be set back. */
  #hold({ apiVersion, kind, metadata }: Manifest, replicas: number): Promise<Applied> {
    const { name, namespace, uid, resourceVersion } = metadata;
    const place = { ...(namespace ? { namespace } : {}), ...(uid ? { uid } : {}) };
    const version = resourceVersion ? { resourceVersion } : {};
    return this.#parts.api.apply(
      { apiVersion, kind, metadata: { name, ...place, ...version }, spec: { replicas } },
      { fieldManager: handOverManager(this.#parts.operator.name), signal: this.#signal },
    );
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
