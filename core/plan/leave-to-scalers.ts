import { isScalable } from './categories.ts';
import { withReplicas } from '../replicas.ts';
import { scalerFrom, scalerOf } from '../scalers.ts';
import type { PlannedObject } from './plan.ts';

/** The same objects; a workload that another one of them scales (an HPA, a ScaledObject) without its replicas. */
export function leaveToScalers(planned: readonly PlannedObject[]): readonly PlannedObject[] {
  const scalers = planned
    .map(({ manifest }) => scalerFrom(manifest))
    .filter((scaler) => scaler !== undefined);
  if (scalers.length === 0) return planned;
  return planned.map((each) =>
    isScalable(each.manifest) && scalerOf(each.manifest, scalers)
      ? { ...each, manifest: withReplicas(each.manifest, undefined) }
      : each,
  );
}
