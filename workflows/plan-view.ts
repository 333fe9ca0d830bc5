import type { PlanAnswer } from '../activities/index.ts';
import type { ObjectKey } from '../core/refs.ts';
import type { PlanView, ReconcileState } from '../core/rollout/state.ts';
import { refOf } from '../core/rollout/state.ts';

/** The whole plan: what the answer says is new, and for the rest what the inventory knows. */
export function viewOf(answer: Extract<PlanAnswer, { kind: 'planned' }>, state: ReconcileState): PlanView {
  const { kind: _, changed, removed, accepted: _1, recovered: _2, references: _3, ...rest } = answer;
  const { interrupted: _4, remembered: _5, ...view } = rest;
  const known = Object.entries(state.inventory)
    .filter(([key]) => !removed.includes(key))
    .map(([key, entry]) => [key, refOf(key, entry)]);
  return {
    ...view,
    refs: { ...Object.fromEntries(known), ...Object.fromEntries(changed.map((ref) => [ref.key, ref])) },
  };
}

/** Objects at the stages in which they are taken down. */
export function placed(
  inventory: ReconcileState['inventory'],
  places: Readonly<Record<ObjectKey, number>>,
): ReconcileState['inventory'] {
  return Object.fromEntries(
    Object.entries(inventory).map(([key, entry]) => [
      key,
      key in places ? { ...entry, stage: places[key] ?? 0 } : entry,
    ]),
  );
}
