import { managedBy } from '../core/fields.ts';
import { STATUS_REASONS } from '../core/reasons.ts';
import type { ObjectRef } from '../core/refs.ts';
import { takenOver } from '../core/take-over.ts';
import type { CallOptions, KubernetesApi } from '../kubernetes/api.ts';
import { StatusError } from '../kubernetes/status-error.ts';

/**
 * Takes over the lists in which an edit of somebody else's keeps a repair from being valid, and says whether there were any:
 * then the same apply succeeds. What was applied before is valid by itself, so this is for repairs alone.
 */
export async function tookOver(
  api: Pick<KubernetesApi, 'get' | 'patch'>,
  ref: ObjectRef,
  manager: string,
  refusal: unknown,
  options: CallOptions = {},
): Promise<boolean> {
  if (!(refusal instanceof StatusError) || refusal.reason !== STATUS_REASONS.Invalid) return false;
  const live = await api.get(ref, options);
  const [ours] = live ? managedBy(live, manager) : [];
  if (!live || !ours) return false;
  const { managedFields = [], resourceVersion } = live.metadata;
  const books = takenOver(
    managedFields,
    ours,
    refusal.causes.map(({ field }) => field),
  );
  if (!books) return false;
  const operations = [
    // Another version than the one that was read is a conflict, which is retried.
    { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
    { op: 'replace', path: '/metadata/managedFields', value: books },
  ] as const;
  await api.patch(ref, operations, options);
  return true;
}
