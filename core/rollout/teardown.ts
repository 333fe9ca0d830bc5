/** Taking down a resource: the reverse of its order, each wave awaited until it is gone, then everything that runs no pods. */
import { isWorkload } from '../plan/categories.ts';
import type { ObjectKey } from '../refs.ts';
import type { ReconcileState } from './state.ts';

export type TeardownStep =
  | { readonly kind: 'remove'; readonly keys: readonly ObjectKey[] }
  | { readonly kind: 'wait'; readonly on: readonly ObjectKey[] }
  | { readonly kind: 'done' };

export function nextTeardown({ inventory }: ReconcileState): TeardownStep {
  const keys = Object.keys(inventory);
  const workloads = keys.filter(isWorkload);
  const last = Math.max(...workloads.map((key) => orderOf(inventory[key]?.stage)));
  const wave =
    workloads.length > 0 ? workloads.filter((key) => orderOf(inventory[key]?.stage) === last) : keys;
  if (wave.length === 0) return { kind: 'done' };
  const staying = wave.filter((key) => !inventory[key]?.leaving);
  return staying.length > 0 ? { kind: 'remove', keys: staying } : { kind: 'wait', on: wave };
}

/** What no order binds goes first: nothing waits for it. */
function orderOf(stage: number | undefined): number {
  return stage ?? Infinity;
}
