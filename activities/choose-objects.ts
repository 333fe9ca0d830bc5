import { titleOf } from '../core/plan/categories.ts';
import type { ApplyItem } from './apply-objects.ts';
import { planStale } from './failure.ts';
import type { KeptObject, KeptPlan } from './revisions.ts';

/** @throws ApplicationFailure `PlanStale` when one of them is not as it was planned. */
export function choose(
  plan: KeptPlan,
  items: readonly ApplyItem[],
): readonly { readonly item: ApplyItem; readonly object: KeptObject }[] {
  return items.map((item) => {
    const object = plan.objects.get(item.key);
    if (object?.ref.digest !== item.digest)
      throw planStale(`${titleOf(item.key)} is built otherwise than it was planned`);
    return { item, object };
  });
}
