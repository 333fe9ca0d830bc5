import { ownedFields } from '../core/fields.ts';
import type { Health, HealthOptions } from '../core/health/health.ts';
import { hasClaimTemplates } from '../core/health/claimed-volumes.ts';
import { terminatingOf } from '../core/finalizers.ts';
import { health } from '../core/health/index.ts';
import type { Manifest } from '../core/manifest.ts';
import type { Claimant } from '../core/ownership.ts';
import { holderWord, isOfAnother } from '../core/ownership.ts';
import { isScalable, isWorkload, titleOf } from '../core/plan/categories.ts';
import { scaleOf } from '../core/scalers.ts';
import type { ObjectKey, ResourceRef } from '../core/refs.ts';
import { parseObjectKey } from '../core/refs.ts';
import { handOverManager } from '../core/replicas.ts';
import type { Sight } from '../core/rollout/unread.ts';
import type { Dependencies } from './dependencies.ts';
import { failureOf } from './failure.ts';
import { findScalers } from './find-scalers.ts';
import { healthOptions } from './health-options.ts';
import { podsOf } from './owned-pods.ts';
import { claimantOf } from './ownership.ts';
import { refusedPods } from './refused-pods.ts';
import { isUnserved, unreadable } from './unreadable.ts';

/** An object to look at. */
export interface Sought {
  readonly key: ObjectKey;
  /** `ownedFields` of what was applied. One that has others is applied again, whatever its pods say. */
  readonly fields: string;
}

/**
 * Looks at live objects: never at a cache, since what is seen here decides. One that cannot be read is an answer like any other, and
 * one whose kind is no longer served is gone.
 *
 * @param uid of the resource: what belongs to another is not judged.
 */
export async function observeObjects(
  dependencies: Dependencies,
  resource: ResourceRef,
  sought: readonly Sought[],
  uid?: string,
): Promise<readonly Sight[]> {
  const scalers = new Map<string, ReturnType<typeof findScalers>>();
  const scalersIn = (namespace: string | undefined): ReturnType<typeof findScalers> => {
    const known = scalers.get(namespace ?? '') ?? findScalers(dependencies, namespace);
    scalers.set(namespace ?? '', known);
    return known;
  };
  const claimant = claimantOf({ resource, uid: uid ?? '' });
  return Promise.all(sought.map((each) => observeOne(dependencies, claimant, each, scalersIn)));
}

async function observeOne(
  dependencies: Dependencies,
  claimant: Claimant,
  { key, fields: applied }: Sought,
  scalersIn: (namespace: string | undefined) => ReturnType<typeof findScalers>,
): Promise<Sight> {
  const { api, operator } = dependencies;
  try {
    const ref = parseObjectKey(key, claimant.namespace);
    const object = await api.get(ref);
    if (!object) return { key, exists: false };
    const { uid = '', generation, deletionTimestamp } = object.metadata;
    if (isOfAnother(object, claimant)) return { key, exists: true, uid, heldBy: holderWord(object) };
    const options = await healthOptions(api, object);
    const alone = health(object, [], options);
    const fields = ownedFields(object, operator.name);
    const mayLack = alone.state !== 'Current' || hasClaimTemplates(object);
    const isInDoubt = isWorkload(key) && mayLack && fields === applied;
    const scale = isScalable(object)
      ? scaleOf(object, operator.name, await scalersIn(ref.namespace))
      : undefined;
    const editors = editorsOf(object, operator.name);
    const terminating = terminatingOf(object);
    return {
      key,
      exists: true,
      uid,
      ...(generation === undefined ? {} : { generation }),
      fields,
      ...(scale ? { scale } : {}),
      health: isInDoubt ? await healthWithPods(dependencies, object, options) : alone,
      ...(deletionTimestamp ? { deleting: true as const } : {}),
      ...(terminating ? { terminating } : {}),
      ...(editors.length > 0 ? { editors } : {}),
    };
  } catch (error) {
    if (await isUnserved(api, parseObjectKey(key, claimant.namespace), error)) return { key, exists: false };
    const why = unreadable(error, 'get');
    if (!why) throw failureOf(error, titleOf(key));
    return { key, exists: 'unknown', reason: why.reason, message: `cannot be read: ${why.message}` };
  }
}

async function healthWithPods(
  { api, log }: Dependencies,
  object: Manifest,
  options: HealthOptions,
): Promise<Health> {
  const [pods, refused] = await Promise.all([podsOf(api, object), refusedPods({ api, log }, object)]);
  return health(object, pods, { ...options, ...(refused ? { refusedPods: refused } : {}) });
}

/** Who else wrote to the spec. Kubernetes' own controllers write status, and annotations of their own. */
function editorsOf(object: Manifest, manager: string): string[] {
  const others = [manager, handOverManager(manager), 'kube-controller-manager'];
  const writers = (object.metadata.managedFields ?? [])
    .filter(({ subresource, manager: who }) => subresource !== 'status' && !others.includes(who ?? ''))
    .map((entry) => entry.manager ?? 'an unknown manager');
  return [...new Set(writers)];
}
