/** An object of a simulated cluster, and what is found of it. */
import { isWorkload } from '../../core/plan/categories.ts';
import { ONLY_THE_CANARY } from '../../core/rollout/canary.ts';
import type { ObjectKey } from '../../core/refs.ts';
import type { ScaleOrder } from '../../core/rollout/scaling.ts';
import { scaleRecovered } from '../../core/rollout/scaling.ts';
import type { Entry } from '../../core/rollout/state.ts';
import type { ScaleSeen } from '../../core/scalers.ts';

export interface Live {
  readonly uid: string;
  readonly generation: number;
  /** Of what was applied, as its annotations say it. */
  readonly digest: string;
  readonly template: string;
  readonly fields: string;
  readonly health: keyof typeof HEALTH;
  /** What its pods read, of whatever template they are; workloads only. */
  readonly mounts: readonly ObjectKey[];
  readonly deleting?: true;
  readonly scale?: ScaleSeen;
}

export const HEALTH = {
  Current: { state: 'Current', reason: '', message: '' },
  InProgress: { state: 'InProgress', reason: 'LessReady', message: '0 of 1 replicas ready' },
  Lagging: { state: 'Current', reason: '', message: 'a pod of the former template goes on', lags: true },
  Failed: { state: 'Failed', reason: 'CrashLoop', message: 'pod crashes' },
} as const;

/** As a workflow that knows nothing finds it. */
export function recovered(
  key: ObjectKey,
  { digest, template, uid, generation, fields, health, ...live }: Live,
): Entry {
  const { state } = HEALTH[health];
  return {
    digest: fields === 'all' ? digest : 'uncertain',
    ...(digest === ONLY_THE_CANARY ? { partial: true as const } : {}),
    ...(template ? { template } : {}),
    uid,
    generation,
    fields,
    ...scaleRecovered(live.scale),
    ...(key.startsWith('PersistentVolumeClaim/') ? { retain: true as const } : {}),
    ...(state === 'Current' ? {} : { health: state }),
    ...(live.deleting ? { leaving: true as const } : {}),
    ...(isWorkload(key) ? { reads: live.mounts } : {}),
  };
}

/** As it is found after it got another shape. */
export function shaped(live: Live | undefined): Entry | undefined {
  if (!live) return undefined;
  const { template, uid, generation, fields, health, digest } = live;
  const { state } = HEALTH[health];
  const well = state === 'Current' ? {} : { health: state };
  const partial = digest === ONLY_THE_CANARY ? { partial: true as const } : {};
  return { digest: fields === 'all' ? digest : '', ...partial, template, uid, generation, fields, ...well };
}

/** As the API server's books have it after an apply. */
export function scaled(before: ScaleSeen, { replicas, scaleOnly }: ScaleOrder, applied = 0): ScaleSeen {
  const partition = scaleOnly ? (before.partition ?? 0) : applied;
  const { setBy, scaler } = before;
  const others = { ...(scaler ? { scaler } : {}), ...(setBy && replicas === undefined ? { setBy } : {}) };
  return {
    replicas: replicas ?? before.replicas,
    owned: replicas !== undefined && !scaleOnly,
    ...others,
    ...(partition > 0 ? { partition } : {}),
  };
}
