import type { Terminating } from '../finalizers.ts';
import { heldLine } from '../finalizers.ts';
import type { ObjectKey } from '../refs.ts';
import type { Entry, ReconcileState } from './state.ts';

export const TERMINATING = { reason: 'Terminating', message: 'is being deleted' } as const;

/** What a look shows of an object that is on its way. */
export interface Deleting {
  /** Somebody deleted it, or we did. */
  readonly deleting?: true;
  /** What holds it meanwhile. */
  readonly terminating?: Terminating;
}

/** It stays listed until it is seen to be gone. */
export function foldDeleting(
  state: ReconcileState,
  {
    key,
    uid,
    terminating,
  }: Pick<Deleting, 'terminating'> & { readonly key: ObjectKey; readonly uid: string },
  entry: Entry,
): ReconcileState {
  const inventory = { ...state.inventory, [key]: { ...entry, uid, leaving: true as const } };
  return foldTerminating({ ...state, inventory }, key, terminating);
}

/** What holds an object that is being deleted is reported, since only its own controller, or a person, can end it. */
export function foldTerminating(
  state: ReconcileState,
  key: ObjectKey,
  held: Terminating | undefined,
): ReconcileState {
  const known = state.unhealthy[key];
  if (!held && known?.finalizers === undefined) return state;
  const { finalizers: _, ...rest } = known ?? { ...TERMINATING, since: held?.since ?? '' };
  const trouble = held
    ? { ...TERMINATING, message: `is being deleted, ${heldLine(held)}`, ...held }
    : { ...rest, message: TERMINATING.message };
  return { ...state, unhealthy: { ...state.unhealthy, [key]: trouble } };
}
