import type { Manifest } from '../core/manifest.ts';
import { STATUS_REASONS } from '../core/reasons.ts';
import type { ObjectRef } from '../core/refs.ts';
import { claimUnowned, mayHaveUnownedFields } from '../core/unowned-fields.ts';
import type { Applied, ApplyOptions, KubernetesApi } from '../kubernetes/api.ts';
import { StatusError } from '../kubernetes/status-error.ts';

/** A controller that is at work writes the status of a workload several times a second. */
const ATTEMPTS = 5;

/** Leaves nothing behind that the server had filled in; what is refused may be refused for more of it than is known here. */
export async function applyCleanly(
  api: KubernetesApi,
  ref: ObjectRef,
  manifest: Manifest,
  options: ApplyOptions,
): Promise<Applied> {
  if (mayHaveUnownedFields(manifest)) await claimLeftovers(api, ref, manifest, options);
  try {
    return await api.apply(manifest, options);
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== STATUS_REASONS.Invalid) throw error;
    if (!(await claimLeftovers(api, ref, manifest, options, { everywhere: true }))) throw error;
    return await api.apply(manifest, options);
  }
}

/**
 * Makes ours what applying `wanted` to the live object would leave behind, and says whether there was any: the apply that
 * follows removes it, in one write with what takes its place. Where that apply does not come, nothing has changed but who owns
 * the fields, and the next one removes them.
 */
async function claimLeftovers(
  api: Pick<KubernetesApi, 'get' | 'patch'>,
  ref: ObjectRef,
  wanted: Manifest,
  { fieldManager, signal, beforeSend }: Pick<ApplyOptions, 'fieldManager' | 'signal' | 'beforeSend'>,
  where: { readonly everywhere?: boolean } = {},
): Promise<boolean> {
  const { uid } = wanted.metadata;
  const options = { ...(signal ? { signal } : {}), ...(beforeSend ? { beforeSend } : {}) };
  for (let attempt = 1; ; attempt++) {
    const live = await api.get(ref, options);
    if (!live || (uid !== undefined && live.metadata.uid !== uid)) return false;
    const value = claimUnowned(live, wanted, fieldManager, where);
    if (!value) return false;
    try {
      await api.patch(
        ref,
        [
          { op: 'test', path: '/metadata/uid', value: live.metadata.uid },
          // Another version than the one that was read is a conflict.
          { op: 'replace', path: '/metadata/resourceVersion', value: live.metadata.resourceVersion },
          { op: 'replace', path: '/metadata/managedFields', value },
        ],
        options,
      );
      return true;
    } catch (error) {
      const isOutdated = error instanceof StatusError && error.reason === 'Conflict';
      if (!isOutdated || attempt === ATTEMPTS) throw error;
    }
  }
}
