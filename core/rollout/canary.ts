/**
 * A StatefulSet that shows its change in a few pods first, those of the highest ordinals: it is applied with a partition,
 * awaited and asked through its gate, and applied once more without. The partition follows the replicas, whoever sets them, so
 * that a workload which grows meanwhile does not grow by pods of a template that is not proven.
 */
import type { PlannedRef } from '../plan/digests.ts';
import { changeOf } from './change.ts';
import type { Passage, ReconcileState } from './state.ts';

/**
 * In the place of the digest of a workload of which only the first few pods are as planned: whoever knows nothing of the
 * rollout finds it unfinished, and finishes it.
 */
export const ONLY_THE_CANARY = 'canary';

/** How many pods may have the planned template; undefined where all pods change together. */
export function canaryOf(ref: PlannedRef, { inventory, rollout }: ReconcileState): number | undefined {
  if (ref.canary === undefined || !rollout || ['Install', 'Rollback'].includes(rollout.trigger))
    return undefined;
  const entry = inventory[ref.key];
  const { canary } = rollout.passages[ref.key] ?? {};
  if (canary === 'rolling') return ref.canary;
  if (canary === 'passed' || changeOf(ref, entry) !== 'disruptive') return undefined;
  const replicas = entry?.scale?.replicas ?? ref.replicas ?? 1;
  return replicas > ref.canary ? ref.canary : undefined;
}

/** Pods of lower ordinals keep the template that they have. */
export function partitionFor(canary: number, replicas: number): number {
  return Math.max(0, replicas - canary);
}

/** The replicas changed while a canary is shown, and its partition did not. */
export function isBesidePartition(ref: PlannedRef, state: ReconcileState): boolean {
  const { scale, partial } = state.inventory[ref.key] ?? {};
  const canary = partial ? canaryOf(ref, state) : undefined;
  if (canary === undefined || !scale) return false;
  return partitionFor(canary, scale.replicas) !== (scale.partition ?? 0);
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
