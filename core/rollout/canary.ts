/**
 * A StatefulSet that shows its change in a few pods first, those of the highest ordinals: it is applied with a partition,
 * awaited and asked through its gate, and applied once more without.
 */
import type { PlannedRef } from '../plan/digests.ts';
import { changeOf } from './change.ts';
import type { Passage, ReconcileState } from './state.ts';

/**
 * In the place of the digest of a workload of which only the first few pods are as planned: whoever knows nothing of the
 * rollout finds it unfinished, and finishes it.
 */
export const ONLY_THE_CANARY = 'canary';

/** The partition to apply with now; undefined where all pods change together. */
export function partitionOf(ref: PlannedRef, { inventory, rollout }: ReconcileState): number | undefined {
  if (ref.canary === undefined || !rollout || ['Install', 'Rollback'].includes(rollout.trigger))
    return undefined;
  const entry = inventory[ref.key];
  const { canary } = rollout.passages[ref.key] ?? {};
  if (canary === 'passed' || (canary !== 'rolling' && changeOf(ref, entry) !== 'disruptive'))
    return undefined;
  const replicas = entry?.scale?.replicas ?? ref.replicas ?? 1;
  return replicas > ref.canary ? replicas - ref.canary : undefined;
}

/** What an apply made of the passage of such a workload. */
export function foldCanary(
  state: ReconcileState,
  { key }: PlannedRef,
  partition: number | undefined,
): ReconcileState {
  const { rollout } = state;
  const passage = rollout?.passages[key];
  if (!rollout || (partition === undefined && passage?.canary !== 'rolling')) return state;
  // The gate is asked for the few, and again for all.
  const { gate: _, ...rest } = passage ?? {};
  const next: Passage =
    partition === undefined
      ? { ...rest, canary: 'passed' }
      : { ...passage, applied: true, canary: 'rolling' };
  return { ...state, rollout: { ...rollout, passages: { ...rollout.passages, [key]: next } } };
}
