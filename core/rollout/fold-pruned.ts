/** What came of asking objects to go. */
import type { Terminating } from '../finalizers.ts';
import type { ObjectKey } from '../refs.ts';
import { foldEach } from './fold-each.ts';
import type { Reads } from './reads.ts';
import { REMOVAL, withRefusal } from './refusal.ts';
import type { Entry, ReconcileState } from './state.ts';
import { without } from './state.ts';
import { foldTerminating, TERMINATING } from './terminating.ts';
import { rfc3339 } from './times.ts';

/** What asking an object to go gave. */
export type Removal =
  /** `removed`: its deletion has begun; `retained`: it stays, and is no longer ours to look after. */
  | {
      readonly key: ObjectKey;
      readonly outcome: 'removed';
      /** Absent: the one that the inventory has. */
      readonly uid?: string;
      /** What holds it meanwhile. */
      readonly terminating?: Terminating;
    }
  | { readonly key: ObjectKey; readonly outcome: 'gone' | 'retained' }
  /** Its server shows none; `settlesMs`: after which time it is asked once more. */
  | { readonly key: ObjectKey; readonly outcome: 'absent'; readonly settlesMs: number }
  | {
      readonly key: ObjectKey;
      readonly outcome: 'refused';
      readonly reason: string;
      readonly message: string;
      readonly retryAfterMs?: number;
      readonly read?: Reads;
    };

/**
 * Records deletions that were asked for: tombstones, until the objects are seen to be gone. Retained ones just leave the
 * list; a removal that was refused is tried again.
 */
export function foldPruned(state: ReconcileState, removals: readonly Removal[], now: number): ReconcileState {
  return foldEach(state, removals, (known, removal) => {
    const { key, outcome } = removal;
    const entry = known.inventory[key];
    if (!entry) return known;
    if (outcome === 'refused') return withRefusal(known, { ...removal, digest: REMOVAL }, now);
    if (outcome === 'removed') {
      const { uid = entry.uid, terminating } = removal;
      return foldTerminating(leaving(known, key, { ...entry, uid }, now), key, terminating);
    }
    if (outcome === 'absent')
      return {
        ...withEntry(known, key, { ...entry, absentUntil: now + removal.settlesMs }),
        refusals: without(known.refusals, key),
      };
    return {
      ...known,
      inventory: without(known.inventory, key),
      refusals: without(known.refusals, key),
      unhealthy: without(known.unhealthy, key),
    };
  });
}

/** A tombstone, and since when: whoever waits for it is told. */
function leaving(state: ReconcileState, key: ObjectKey, entry: Entry, now: number): ReconcileState {
  const trouble = { ...TERMINATING, since: rfc3339(now) };
  return {
    ...withEntry(state, key, { ...entry, leaving: true }),
    refusals: without(state.refusals, key),
    unhealthy: { ...state.unhealthy, [key]: trouble },
  };
}

function withEntry(state: ReconcileState, key: ObjectKey, entry: Entry): ReconcileState {
  return { ...state, inventory: { ...state.inventory, [key]: entry } };
}
