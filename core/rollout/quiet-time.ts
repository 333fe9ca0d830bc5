/** When a change of ConfigMaps and Secrets of others is taken into pod templates: once they are quiet, or have changed for long. */
import { shortHash } from '../hash.ts';
import type { Contents } from '../plan/digests.ts';
import type { ObjectKey } from '../refs.ts';

/** Tools rotate many Secrets one after the other, and each pod is to restart once for all of them. */
export const QUIET_MS = 3_000;
/** Counted from the first change. */
export const LONGEST_QUIET_MS = 30_000;

/** Contents that have changed, and are not taken up yet. */
export interface Settling {
  /** Epoch milliseconds of the first change. */
  readonly since: number;
  /** Epoch milliseconds at which they are taken up. */
  readonly until: number;
  /** Tells whether they changed once more. */
  readonly word: string;
  readonly keys: readonly ObjectKey[];
}

/** What is to settle first; undefined when nothing changed of what was known, or it is time. */
export function settlingOf(
  known: Contents,
  seen: Contents,
  before: Settling | undefined,
  now: number,
): Settling | undefined {
  const keys = Object.keys(seen).filter((key) => key in known && known[key] !== seen[key]);
  if (keys.length === 0) return undefined;
  const word = shortHash(JSON.stringify(keys.sort().map((key) => [key, seen[key]])));
  const since = before?.since ?? now;
  const until = word === before?.word ? before.until : Math.min(now + QUIET_MS, since + LONGEST_QUIET_MS);
  return now < until ? { since, until, word, keys } : undefined;
}

/** The contents as they were before, where they are to settle. */
export function settled(known: Contents, seen: Contents, { keys }: Pick<Settling, 'keys'>): Contents {
  return { ...seen, ...Object.fromEntries(keys.map((key) => [key, known[key] ?? ''])) };
}
