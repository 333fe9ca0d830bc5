/** Taking down a resource: the reverse of its order, each wave awaited until it is gone, then everything that runs no pods. */
import { isExternal, takesTurns } from '../plan/categories.ts';
import type { ObjectKey } from '../refs.ts';
import { askedAgainAt, isPostponed, isSettling, unused } from './removal.ts';
import { released } from './reshape.ts';
import type { ReconcileState } from './state.ts';
import { atOnce } from './waits.ts';
import { unlistedKinds } from './unread.ts';

export type TeardownStep =
  /** What is between two shapes has pods that nobody would delete: it is put back first. */
  | { readonly kind: 'restore'; readonly keys: readonly ObjectKey[] }
  | { readonly kind: 'remove'; readonly keys: readonly ObjectKey[] }
  /** `wakeAt`: epoch milliseconds at which a refused removal is tried again. */
  | { readonly kind: 'wait'; readonly on: readonly ObjectKey[]; readonly wakeAt?: number }
  | { readonly kind: 'done' };

/** @param now epoch milliseconds. */
export function nextTeardown(state: ReconcileState, now: number): TeardownStep {
  const orphaned = released(state);
  if (orphaned.length > 0) return { kind: 'restore', keys: orphaned };
  const { inventory } = state;
  const keys = Object.keys(inventory);
  const inTurn = keys.filter(takesTurns);
  const free = unused(inTurn, inTurn, state);
  const wave = inTurn.length > 0 ? waveOf(free, state) : keys;
  if (wave.length === 0) return unlistedKinds(state).length > 0 ? { kind: 'wait', on: [] } : { kind: 'done' };
  const staying = wave.filter((key) => !inventory[key]?.leaving && !isPostponed(key, state, now));
  if (staying.length > 0) return { kind: 'remove', keys: atOnce(staying) };
  const retries = wave.map((key) => askedAgainAt(key, state)).filter((at) => at !== undefined);
  return { kind: 'wait', on: wave, ...(retries.length > 0 ? { wakeAt: Math.min(...retries) } : {}) };
}

/** Those of the last stage; external objects do not wait for others that their servers do not show any more. */
function waveOf(free: readonly ObjectKey[], state: ReconcileState): readonly ObjectKey[] {
  const { inventory } = state;
  const lastOf = (keys: readonly ObjectKey[]): readonly ObjectKey[] => {
    const last = Math.max(...keys.map((key) => orderOf(inventory[key]?.stage)));
    return keys.filter((key) => orderOf(inventory[key]?.stage) === last);
  };
  const staying = lastOf(free.filter((key) => !isSettling(key, state)));
  return staying.length > 0 && staying.every(isExternal) ? staying : lastOf(free);
}

/** What no order binds goes first: nothing waits for it. */
function orderOf(stage: number | undefined): number {
  return stage ?? Infinity;
}
