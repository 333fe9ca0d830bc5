/**
 * What is said to a running `reconcile` workflow. A signal means "look again" and carries a hint of where to look, never
 * truth: dropped, doubled or swapped signals change nothing in the end.
 */
import type { QueryDefinition, SignalDefinition } from '@temporalio/workflow';
import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { ObjectKey, ResourceRef } from '../core/refs.ts';

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

/** The resource changed, appeared, is being deleted or is gone. */
export const resourceChanged: SignalDefinition<[Hint]> = defineSignal('resourceChanged');
/** Owned objects changed in a way that matters. */
export const objectsChanged: SignalDefinition<[Hint]> = defineSignal('objectsChanged');

/** What a `reconcile` workflow is started with. */
export interface ReconcileInput {
  readonly resource: ResourceRef;
  /** Whether the Temporal namespace knows this project's search attributes. */
  readonly searchAttributes: boolean;
}

export interface RolloutStatus {
  /** For example `Progressing (RollingOut): StatefulSet pinot-broker: 0 of 1 replicas ready`. */
  readonly summary: string;
  /** The page of Temporal UI, in markdown. */
  readonly details: string;
}

/** What the workflow is doing, for `temporal workflow query` and the CLI. */
export const rolloutStatus: QueryDefinition<RolloutStatus> = defineQuery('rolloutStatus');

/** The names of the search attributes, all of type Keyword. */
export const SEARCH_ATTRIBUTES = {
  kind: 'ResourceKind',
  namespace: 'ResourceNamespace',
  /** `True`, `False` or `Unknown`, as in the condition Ready. */
  ready: 'ResourceReady',
  /** The role that is being rolled, or `-`. */
  stage: 'ResourceStage',
} as const;
