import type { ObjectKey } from './refs.ts';

/** Where to look. Hints merge: the newest resource, the union of the keys. */
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
  /** Look at everything: sent after something may have been missed. */
  readonly resync?: boolean;
}

/** One hint that says what both say: the newest resource, the union of the objects. */
export function mergeHints(older: Hint, newer: Hint): Hint {
  const resource = newest(older.resource, newer.resource);
  const objects = [...new Set([...(older.objects ?? []), ...(newer.objects ?? [])])];
  return {
    ...(resource ? { resource } : {}),
    ...(objects.length > 0 ? { objects } : {}),
    ...(older.resync || newer.resync ? { resync: true } : {}),
  };
}

/** Signals may be swapped on their way; generations tell which is newer. */
function newest(older: Hint['resource'], newer: Hint['resource']): Hint['resource'] {
  if (!older || !newer) return newer ?? older;
  return older.uid === newer.uid && older.generation > newer.generation ? older : newer;
}
