import { isAtLeast } from './resource-version.ts';
import type { ObjectKey } from './refs.ts';

/** Where to look. Hints merge: the newest resource, the union of the rest. */
export interface Hint {
  /** The resource itself changed: its spec, its deletion, its finalizers. */
  readonly resource?: {
    readonly uid: string;
    readonly generation: number;
    /** The resource as the sender knows it, so that no reader settles for an older one. */
    readonly resourceVersion: string;
  };
  /** Owned objects whose verdict turned, that were deleted, or that somebody else changed. */
  readonly objects?: readonly ObjectKey[];
  /** Uids of Jobs that are complete and go by themselves: whoever looks for one may come too late. */
  readonly spent?: readonly string[];
  /** Look at everything: sent after something may have been missed. */
  readonly resync?: boolean;
  /** The Temporal namespace has this project's search attributes: a workflow that was started without them may use them. */
  readonly searchAttributes?: boolean;
}

/**
 * A hint as it arrived, which anybody may send. What cannot be read asks for a look at everything: a look too many does no harm, and
 * one too few would.
 */
export function hintIn(value: unknown): Hint {
  if (typeof value !== 'object' || value === null) return { resync: true };
  const { resource, objects, spent, resync, searchAttributes }: { readonly [Field in keyof Hint]?: unknown } =
    value;
  const hint: Hint = {
    ...(isSeen(resource) ? { resource } : {}),
    ...(isTexts(objects) ? { objects } : {}),
    ...(isTexts(spent) ? { spent } : {}),
    ...(resync === true ? { resync } : {}),
    ...(searchAttributes === true ? { searchAttributes } : {}),
  };
  const isWhole = [
    resource === undefined || hint.resource,
    objects === undefined || hint.objects,
    spent === undefined || hint.spent,
    resync === undefined || typeof resync === 'boolean',
  ].every(Boolean);
  return isWhole ? hint : { ...hint, resync: true };
}

function isSeen(value: unknown): value is NonNullable<Hint['resource']> {
  if (typeof value !== 'object' || value === null) return false;
  const { uid, generation, resourceVersion }: Record<string, unknown> = { ...value };
  return typeof uid === 'string' && Number.isInteger(generation) && typeof resourceVersion === 'string';
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

/** One hint that says what both say: the newest resource, the union of the objects. */
export function mergeHints(older: Hint, newer: Hint): Hint {
  const resource = newest(older.resource, newer.resource);
  const objects = union(older.objects, newer.objects);
  const spent = union(older.spent, newer.spent);
  return {
    ...(resource ? { resource } : {}),
    ...(objects.length > 0 ? { objects } : {}),
    ...(spent.length > 0 ? { spent } : {}),
    ...(older.resync || newer.resync ? { resync: true } : {}),
    ...(older.searchAttributes || newer.searchAttributes ? { searchAttributes: true } : {}),
  };
}

function union(older: readonly string[] = [], newer: readonly string[] = []): readonly string[] {
  return [...new Set([...older, ...newer])];
}

/** Signals may be swapped on their way; generations and versions tell which is newer. */
function newest(older: Hint['resource'], newer: Hint['resource']): Hint['resource'] {
  if (!older || !newer) return newer ?? older;
  if (older.uid !== newer.uid || older.generation < newer.generation) return newer;
  if (older.generation > newer.generation) return older;
  return isAtLeast(older.resourceVersion, newer.resourceVersion) ? older : newer;
}
