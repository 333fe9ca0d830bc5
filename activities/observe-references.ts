import type { PlannedRef } from '../core/plan/digests.ts';
import { titleOf } from '../core/plan/categories.ts';
import { OUR_REASONS, STATUS_REASONS } from '../core/reasons.ts';
import { NOT_FOUND, readiness, seenOf } from '../core/seen.ts';
import type { ObjectKey } from '../core/refs.ts';
import { parseObjectKey } from '../core/refs.ts';
import type { SeenReference } from '../core/rollout/references.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import type { Dependencies } from './dependencies.ts';
import { failureOf } from './failure.ts';

/**
 * Looks at the resources that objects which are to be applied require; only of those that are not ready it tells, since
 * they are waited for. Never at a cache: what is seen here decides.
 *
 * @param home the namespace of the resource.
 */
export async function observeReferences(
  { api }: Pick<Dependencies, 'api'>,
  changed: readonly PlannedRef[],
  home: string | undefined,
): Promise<Readonly<Record<ObjectKey, SeenReference>>> {
  const required = new Set(changed.flatMap(({ requires }) => requires ?? []));
  const seen = await Promise.all(
    Array.from(required, async (key) => [key, await observeOne(api, key, home)] as const),
  );
  return Object.fromEntries(seen.filter(([, { trouble }]) => trouble));
}

async function observeOne(
  api: Dependencies['api'],
  key: ObjectKey,
  home: string | undefined,
): Promise<SeenReference> {
  try {
    const object = await api.get(parseObjectKey(key, home));
    if (!object) return notReady(NOT_FOUND, 'does not exist');
    const { state, message } = readiness(object);
    const seen = seenOf(object);
    return state === 'Current' ? { seen } : notReady(seen, `is not ready: ${message}`);
  } catch (error) {
    if (!(error instanceof StatusError) || error.isTransient) throw failureOf(error, titleOf(key));
    if (error.reason === STATUS_REASONS.NotFound)
      return notReady(NOT_FOUND, `cannot exist: ${error.message}`);
    const trouble = { reason: error.reason, message: `${titleOf(key)} cannot be read: ${error.message}` };
    return { seen: NOT_FOUND, trouble };
  }
}

function notReady(seen: string, message: string): SeenReference {
  return { seen, trouble: { reason: OUR_REASONS.DependencyNotReady, message } };
}
