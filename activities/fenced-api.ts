import { ANNOTATIONS } from '../core/labels.ts';
import type { Manifest } from '../core/manifest.ts';
import type { Claimant } from '../core/ownership.ts';
import { STATUS_REASONS } from '../core/reasons.ts';
import type { ObjectKey, ObjectRef } from '../core/refs.ts';
import { groupOf, kindName, parseObjectKey, versionOf } from '../core/refs.ts';
import type { Applied, ApplyOptions, CallOptions, KubernetesApi } from '../kubernetes/api.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import { applyCleanly } from './claim-leftovers.ts';
import type { Dependencies } from './dependencies.ts';
import { planStale } from './failure.ts';
import type { SendingFence } from './fence.ts';
import { claimantOf, refOf, refuseAnother, refuseTakenName } from './ownership.ts';
import type { PlanRef } from './read-resource.ts';
import { readPlanned } from './read-resource.ts';

/** What the apply of one planned object stands on. */
export interface Claiming extends Dependencies {
  /** The resource that is to have it. */
  readonly claimant: Claimant;
}

export function applying(
  dependencies: Dependencies,
  plan: PlanRef,
  item: { readonly key: ObjectKey; readonly uid?: string },
  fence: SendingFence,
): Claiming {
  const claimant = claimantOf(plan);
  return { ...dependencies, api: fencedApi(dependencies, plan, item, fence), claimant };
}

/**
 * The API as the apply of one planned object uses it. It applies to the object that is known and to no other, and says for
 * which generation. Where that object is gone, or another took its name, the resource is read again before one is created: an
 * apply that is late must not create what is no longer wanted. What belongs to another resource is left alone.
 */
export function fencedApi(
  dependencies: Dependencies,
  plan: PlanRef,
  { key, uid }: { readonly key: ObjectKey; readonly uid?: string },
  fence: SendingFence,
): KubernetesApi {
  const { api, operator } = dependencies;
  const claimant = claimantOf(plan);
  const apply = async (manifest: Manifest, given: ApplyOptions): Promise<Applied> => {
    const options = { ...given, beforeSend: fence };
    await refuseOtherScope(api, manifest, given);
    // What other managers of ours apply is a part of the object, and bound to a version of it already.
    if (options.fieldManager !== operator.name) return api.apply(manifest, options);
    const applied = forGeneration(manifest, plan.generation);
    if (!uid) return applyUnknown(api, applied, claimant, options);
    const ref = parseObjectKey(key, manifest.metadata.namespace);
    try {
      if (!manifest.metadata.ownerReferences) await refuseTaken(ref, options);
      return await applyCleanly(api, ref, withMetadata(applied, { uid }), options);
    } catch (error) {
      if (!(error instanceof StatusError) || !error.isAboutAnother) throw error;
      const live = await api.get(ref, given);
      if (live?.metadata.uid === uid) throw error;
    }
    await readPlanned(dependencies, plan);
    return applyUnknown(api, applied, claimant, options);
  };
  /** The server refuses a second controller; where an object has none, it is looked at. */
  const refuseTaken = async (ref: ObjectRef, options: CallOptions): Promise<void> => {
    const live = await api.get(ref, options);
    if (live) await refuseAnother(api, live, claimant, options);
  };
  return {
    apply,
    scale: (...args) => api.scale(...args),
    evict: (...args) => api.evict(...args),
    get: (ref, options) => api.get(ref, options),
    create: (manifest, options) => api.create(manifest, options),
    patch: (ref, operations, options) => api.patch(ref, operations, options),
    remove: (ref, options) => api.remove(ref, { ...options, beforeSend: fence }),
    list: (kind, options) => api.list(kind, options),
    servedKind: (kind, options) => api.servedKind(kind, options),
  };
}

/**
 * The server would take an object for a namespaced one, or a cluster-scoped one, whatever it was planned as: with an owner that
 * cannot own it, and no finalizer on the resource.
 *
 * @throws ApplicationFailure `PlanStale` when the kind is served in another scope than that it was planned in.
 */
async function refuseOtherScope(
  api: KubernetesApi,
  { apiVersion, kind, metadata }: Manifest,
  options: CallOptions,
): Promise<void> {
  const group = groupOf(apiVersion);
  const { namespaced } = await api.servedKind({ group, version: versionOf(apiVersion), kind }, options);
  if (namespaced === (metadata.namespace === undefined))
    throw planStale(`${kindName({ group, kind })} is served in another scope than it was planned in`);
}

/** No object has it: an apply that names it creates, or is refused. Of two that create at once, one is. */
const NO_VERSION = '1';

/** Creates the object, or takes one that no other resource has, exactly as it was seen. */
async function applyUnknown(
  api: KubernetesApi,
  manifest: Manifest,
  claimant: Claimant,
  options: ApplyOptions,
): Promise<Applied> {
  await refuseTakenName(api, manifest, claimant, options);
  try {
    return await api.apply(withMetadata(manifest, { resourceVersion: NO_VERSION }), options);
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== STATUS_REASONS.Conflict) throw error;
    const live = await api.get(refOf(manifest), options);
    if (!live) throw error;
    await refuseAnother(api, live, claimant, options);
    return await api.apply(identified(manifest, live), options);
  }
}

/** Bound to the object as it was seen. */
function identified(manifest: Manifest, { metadata: { uid, resourceVersion } }: Manifest): Manifest {
  return withMetadata(manifest, {
    ...(uid ? { uid } : {}),
    ...(resourceVersion ? { resourceVersion } : {}),
  });
}

function withMetadata(manifest: Manifest, metadata: Partial<Manifest['metadata']>): Manifest {
  return { ...manifest, metadata: { ...manifest.metadata, ...metadata } };
}

function forGeneration(manifest: Manifest, generation: number): Manifest {
  const annotations = {
    ...manifest.metadata.annotations,
    [ANNOTATIONS.generation]: String(generation),
  };
  return withMetadata(manifest, { annotations });
}
