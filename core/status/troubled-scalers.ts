import { titleOf } from '../plan/categories.ts';
import type { ObjectKey } from '../refs.ts';
import type { PlanView, ReconcileState } from '../rollout/state.ts';
import { isScaler } from '../scalers.ts';

/** Autoscalers that do not scale, and why: nothing waits for them. */
export function troubledScalers(
  refs: PlanView['refs'],
  { unhealthy }: Pick<ReconcileState, 'unhealthy'>,
): readonly { readonly key: ObjectKey; readonly line: string; readonly reason: string }[] {
  return Object.entries(unhealthy).flatMap(([key, trouble]) =>
    key in refs && isScaler(key) && trouble.reason !== 'NotObserved'
      ? [{ key, line: `${titleOf(key)}: ${trouble.message}`, reason: trouble.reason }]
      : [],
  );
}
