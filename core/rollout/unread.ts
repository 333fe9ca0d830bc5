/** What the API server does not show to the operator: it holds up nothing else, is reported, and is read again ever more slowly. */
import { pauseAfter } from '../backoff.ts';
import type { ObjectKey } from '../refs.ts';
import type { Observation } from './fold.ts';
import { foldObserved } from './fold.ts';
import type { ReconcileState, Unread } from './state.ts';
import { without } from './state.ts';
import { rfc3339 } from './times.ts';

const RETRY_MS = [10_000, 600_000] as const;

/** Why an object, or a kind, cannot be read. */
export interface Unreadable {
  readonly reason: string;
  readonly message: string;
}

/** What a look at one object showed, or why it showed nothing. */
export type Sight = Observation | ({ readonly key: ObjectKey; readonly exists: 'unknown' } & Unreadable);

/** Records what was seen, and what could not be. */
export function foldSights(state: ReconcileState, sights: readonly Sight[], now: number): ReconcileState {
  const observed = sights.filter((sight): sight is Observation => sight.exists !== 'unknown');
  const read = observed.reduce((next, { key }) => withoutUnread(next, key), state);
  return sights.reduce(
    (next, sight) => (sight.exists === 'unknown' ? withUnread(next, sight.key, sight, now) : next),
    foldObserved(read, observed, now),
  );
}

/**
 * Forgets what left the inventory, and records which kinds could not be listed.
 *
 * @param unlisted absent where nothing was to be listed.
 */
export function foldUnlisted(
  state: ReconcileState,
  { unlisted }: { readonly unlisted?: Readonly<Record<string, Unreadable>> },
  now: number,
): ReconcileState {
  const gone = Object.keys(state.unread ?? {}).filter((key) =>
    isKey(key) ? !(key in state.inventory) : unlisted !== undefined && !(key in unlisted),
  );
  return Object.entries(unlisted ?? {}).reduce(
    (next, [kind, why]) => withUnread(next, kind, why, now),
    gone.reduce((next, key) => withoutUnread(next, key), state),
  );
}

/** Of the objects that could not be read, those whose time has come. */
export function dueKeys({ unread = {} }: ReconcileState, now: number): readonly ObjectKey[] {
  return Object.keys(unread).filter((key) => isKey(key) && (unread[key]?.retryAt ?? 0) <= now);
}

/** Whether it is time to list again a kind that could not be listed. */
export function isListDue(state: ReconcileState, now: number): boolean {
  return unlistedKinds(state).some((kind) => (state.unread?.[kind]?.retryAt ?? 0) <= now);
}

/** Kinds of which there may be objects that the inventory does not have. */
export function unlistedKinds({ unread = {} }: ReconcileState): readonly string[] {
  return Object.keys(unread).filter((key) => !isKey(key));
}

/** When something is read again; epoch milliseconds. */
export function nextReading({ unread = {} }: ReconcileState): number | undefined {
  const times = Object.values(unread).map(({ retryAt }) => retryAt);
  return times.length > 0 ? Math.min(...times) : undefined;
}

/** A kind has no slash. */
function isKey(key: string): boolean {
  return key.includes('/');
}

function withUnread(
  state: ReconcileState,
  key: string,
  { reason, message }: Unreadable,
  now: number,
): ReconcileState {
  const known = state.unread?.[key];
  const attempts = (known?.attempts ?? 0) + 1;
  const delay = pauseAfter(attempts, RETRY_MS);
  const unread: Unread = {
    reason,
    message,
    since: known?.since ?? rfc3339(now),
    attempts,
    retryAt: now + delay,
  };
  return { ...state, unread: { ...state.unread, [key]: unread } };
}

function withoutUnread(state: ReconcileState, key: string): ReconcileState {
  if (!state.unread || !(key in state.unread)) return state;
  const { unread, ...rest } = state;
  const others = without(unread, key);
  return Object.keys(others).length > 0 ? { ...rest, unread: others } : rest;
}
