/** Which changes of a resource are news. Pure. */
import { askedFingerprint } from '../core/asked.ts';
import { ANNOTATIONS, FINALIZER } from '../core/labels.ts';
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

/**
 * Whether finalizers changed in a way that matters: ours was removed by hand from a resource that is to stay, or what holds one that
 * is being deleted is another.
 */
export function hasOtherFinalizers(before: Manifest | undefined, after: Manifest): boolean {
  if (!before || before.metadata.uid !== after.metadata.uid) return false;
  const [was = [], is = []] = [before.metadata.finalizers, after.metadata.finalizers];
  if (after.metadata.deletionTimestamp) return was.join() !== is.join();
  return was.includes(FINALIZER) && !is.includes(FINALIZER);
}

/** Whether `after` asks for something that `before` did not. What we write ourselves (status, a finalizer) never does. */
export function asksForMore(before: Manifest | undefined, after: Manifest): boolean {
  if (isIgnored(after)) return false;
  if (!before || before.metadata.uid !== after.metadata.uid || isIgnored(before)) return true;
  return (
    before.metadata.generation !== after.metadata.generation ||
    before.metadata.deletionTimestamp !== after.metadata.deletionTimestamp ||
    askedFingerprint(before.metadata) !== askedFingerprint(after.metadata) ||
    hasOtherFinalizers(before, after)
  );
}
