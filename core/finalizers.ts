import type { Manifest } from './manifest.ts';
import { FINALIZER } from './labels.ts';

/** What holds an object that is being deleted: finalizers that neither this project nor the garbage collector takes away. */
export interface Terminating {
  readonly finalizers: readonly string[];
  /** RFC 3339: when its deletion was asked for. */
  readonly since: string;
}

const KNOWN: ReadonlySet<string> = new Set([FINALIZER, 'orphan', 'foregroundDeletion']);
/** Of the finalizers of one object that are shown; each is a qualified name. */
const SHOWN = 8;

export function foreignFinalizers({ metadata }: Pick<Manifest, 'metadata'>): readonly string[] {
  return (metadata.finalizers ?? []).filter((name) => !KNOWN.has(name)).slice(0, SHOWN);
}

/** Undefined for an object that is gone, is not being deleted, or that nothing foreign holds. */
export function terminatingOf(object: Pick<Manifest, 'metadata'> | undefined): Terminating | undefined {
  if (!object) return undefined;
  const finalizers = foreignFinalizers(object);
  const { deletionTimestamp: since } = object.metadata;
  return since === undefined || finalizers.length === 0 ? undefined : { finalizers, since };
}

/** For example `held by the finalizer example.com/backup since 2026-11-30T20:00:00Z`. */
export function heldLine({ finalizers, since }: Terminating): string {
  return `held by the finalizer${finalizers.length === 1 ? '' : 's'} ${finalizers.join(', ')} since ${since}`;
}
