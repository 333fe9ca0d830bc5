import type { Hint } from '../core/hint.ts';
import { isExternal } from '../core/plan/categories.ts';
import type { ObjectKey } from '../core/refs.ts';
import type { ReconcileState } from '../core/rollout/state.ts';
import type { Step } from '../core/rollout/step.ts';

/**
 * The objects that a look reads, in the cluster and behind APIs. An alarm is about time, and needs no look: what becomes of objects
 * is signalled. Only a teardown looks after them itself, and no signal comes of an object behind an API.
 */
export function keysToLookAt(
  hint: Hint,
  step: Step | undefined,
  { inventory, unhealthy }: ReconcileState,
  isDeleting: boolean,
): { readonly here: readonly ObjectKey[]; readonly behind: readonly ObjectKey[] } {
  const isAwaited = (key: ObjectKey): boolean =>
    isDeleting ? !isExternal(key) : isExternal(key) && key in unhealthy;
  const awaited = step?.kind === 'wait' ? step.on.filter(isAwaited) : [];
  const pointed = hint.resync ? Object.keys(inventory) : (hint.objects ?? (hint.resource ? [] : awaited));
  const keys = pointed.filter((key) => key in inventory);
  const { here = [], behind = [] } = Object.groupBy(keys, (key) => (isExternal(key) ? 'behind' : 'here'));
  return { here, behind };
}
