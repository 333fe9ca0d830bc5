import { LABELS } from '../core/labels.ts';
import { isExternal, titleOf } from '../core/plan/categories.ts';
import type { ObjectKey, ResourceRef } from '../core/refs.ts';
import { parseObjectKey } from '../core/refs.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import type { Dependencies } from './dependencies.ts';

/** Events are bounded; so many objects say what is the matter. */
const SHOWN = 10;

/**
 * Records an event about a resource that went although something of it is left that no garbage collector takes away: its finalizer
 * was removed by hand. Nobody else knows of these objects from now on.
 */
export async function tellLeftBehind(
  { api, events }: Pick<Dependencies, 'api' | 'events'>,
  resource: ResourceRef,
  uid: string,
  keys: readonly ObjectKey[],
): Promise<void> {
  const found = await Promise.all(
    keys.map(async (key) => ((await isLeft(api, resource, uid, key)) ? [titleOf(key)] : [])),
  );
  const left = found.flat();
  if (left.length === 0) return;
  const { group, version, kind, namespace, name } = resource;
  const metadata = { name, ...(namespace ? { namespace } : {}), uid };
  const more = left.length > SHOWN ? ` and ${left.length - SHOWN} more` : '';
  events.record(
    { regarding: { apiVersion: `${group}/${version}`, kind, metadata }, occurrence: 'left behind' },
    {
      type: 'Warning',
      reason: 'LeftBehind',
      action: 'Delete',
      note: `the resource went without its finalizer; remove by hand: ${left.slice(0, SHOWN).join(', ')}${more}`,
    },
  );
}

/** Of what cannot be read it is not known, so that it is named. */
async function isLeft(
  api: Dependencies['api'],
  { namespace: home }: ResourceRef,
  uid: string,
  key: ObjectKey,
): Promise<boolean> {
  if (isExternal(key)) return true;
  const ref = parseObjectKey(key, home);
  try {
    const { namespaced } = await api.servedKind(ref);
    if (namespaced && home !== undefined && ref.namespace === home) return false;
    const live = await api.get(ref, { metadataOnly: true });
    const { labels, ownerReferences = [], deletionTimestamp } = live?.metadata ?? {};
    if (deletionTimestamp || ownerReferences.some((owner) => owner.uid === uid)) return false;
    return labels?.[LABELS.resource] === uid;
  } catch (error) {
    if (error instanceof StatusError) return error.reason !== 'NotFound';
    throw error;
  }
}
