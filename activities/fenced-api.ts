import { ANNOTATIONS } from '../core/labels.ts';
import type { Manifest } from '../core/manifest.ts';
import type { ObjectKey } from '../core/refs.ts';
import { groupOf, kindName, parseObjectKey, versionOf } from '../core/refs.ts';
import type { Applied, ApplyOptions, CallOptions, KubernetesApi } from '../kubernetes/api.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import { applyCleanly } from './claim-leftovers.ts';
import type { Dependencies } from './dependencies.ts';
import { planStale } from './failure.ts';
import type { SendingFence } from './fence.ts';
import type { PlanRef } from './read-resource.ts';
import { readPlanned } from './read-resource.ts';

/**
 * The API as the apply of one planned object uses it. It applies to the object that is known and to no other, and says for
 * which generation. Where that object is gone, or another took its name, the resource is read again before one is made: an
 * apply that is late must not make what nobody wants.
 */
export function fencedApi(
  dependencies: Dependencies,
  plan: PlanRef,
  { key, uid }: { readonly key: ObjectKey; readonly uid?: string },
  fence: SendingFence,
): KubernetesApi {
  const { api, operator } = dependencies;
  const apply = async (manifest: Manifest, given: ApplyOptions): Promise<Applied> => {
    const options = { ...given, beforeSend: fence };
    await refuseOtherScope(api, manifest, given);
    // What other managers of ours apply is a part of the object, and bound to a version of it already.
    if (options.fieldManager !== operator.name) return api.apply(manifest, options);
    const applied = forGeneration(manifest, plan.generation);
    if (!uid) return api.apply(applied, options);
    const ref = parseObjectKey(key, manifest.metadata.namespace);
    try {
      return await applyCleanly(api, ref, { ...applied, metadata: { ...applied.metadata, uid } }, options);
    } catch (error) {
      if (!(error instanceof StatusError) || !error.isAboutAnother) throw error;
      const live = await api.get(ref, given);
      if (live?.metadata.uid === uid) throw error;
    }
    await readPlanned(dependencies, plan);
    return api.apply(applied, options);
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

function forGeneration(manifest: Manifest, generation: number): Manifest {
  const { metadata } = manifest;
  const annotations = { ...metadata.annotations, [ANNOTATIONS.generation]: String(generation) };
  return { ...manifest, metadata: { ...metadata, annotations } };
}
