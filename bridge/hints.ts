import type { Hint } from '../workflows/messages.ts';

/** One hint that says what both say: the newest resource, all the objects. */
export function mergeHints(older: Hint, newer: Hint): Hint {
  const resource = newer.resource ?? older.resource;
  const objects = [...new Set([...(older.objects ?? []), ...(newer.objects ?? [])])];
  return {
    ...(resource ? { resource } : {}),
    ...(objects.length > 0 ? { objects } : {}),
    ...(older.resync || newer.resync ? { resync: true } : {}),
  };
}
