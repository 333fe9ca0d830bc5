/** Which changes of a resource are news. Pure. */
import { askedFingerprint } from '../core/asked.ts';
import { ANNOTATIONS } from '../core/labels.ts';
import type { Manifest } from '../core/manifest.ts';

export interface Namespaces {
  /** Absent: all. */
  readonly allowed?: readonly string[];
  readonly denied?: readonly string[];
}

/** Whether resources of this namespace are looked after; cluster-scoped ones always are. */
export function isWatched(namespace: string | undefined, { allowed, denied }: Namespaces): boolean {
  if (namespace === undefined) return true;
  return (allowed === undefined || allowed.includes(namespace)) && !denied?.includes(namespace);
}

/** Somebody asked that this resource be left alone. Its deletion is looked after all the same. */
export function isIgnored({ metadata }: Manifest): boolean {
  return metadata.annotations?.[ANNOTATIONS.ignore] === 'true' && !metadata.deletionTimestamp;
}

/** Whether `after` asks for something that `before` did not. What we write ourselves (status, finalizers) never does. */
export function asksForMore(before: Manifest | undefined, after: Manifest): boolean {
  if (isIgnored(after)) return false;
  if (!before || before.metadata.uid !== after.metadata.uid || isIgnored(before)) return true;
  return (
    before.metadata.generation !== after.metadata.generation ||
    before.metadata.deletionTimestamp !== after.metadata.deletionTimestamp ||
    askedFingerprint(before.metadata) !== askedFingerprint(after.metadata)
  );
}
