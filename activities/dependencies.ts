import type { Operator } from '../api/operator.ts';
import type { Health } from '../core/health/health.ts';
import type { Log } from '../core/log.ts';
import type { Manifest } from '../core/manifest.ts';
import type { ResourceRef } from '../core/refs.ts';
import type { Scaler } from '../core/scalers.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import type { Hint } from '../core/hint.ts';
import type { DigestKey } from './digest-key.ts';
import type { EventRecorder } from './event-recorder.ts';
import type { RefusedReads } from './refused-reads.ts';
import type { LabelledLists } from './labelled-lists.ts';
import type { Renderer } from './renderer.ts';
import type { Revisions } from './revisions.ts';

/** Answers from a cache that is at least as new as what was seen, or not at all. */
export interface ResourceReader {
  get(resource: ResourceRef, seen: Hint['resource']): Manifest | undefined;
}

/** Answers from watches that have heard everything, or not at all. */
export interface ScalerReader {
  in(namespace: string | undefined): readonly Scaler[] | undefined;
}

/** Hears of objects as their watches do. */
export interface ObjectFollower {
  /**
   * Resolves when every object is Current as it was applied, or one of them needs a look, or time is up. Answers with the
   * verdicts of then, by uid; what was not heard of since it was applied is not among them.
   */
  untilCurrent(
    resource: ResourceRef,
    objects: readonly { readonly uid: string; readonly generation: number }[],
    options: { readonly atMostMs: number; readonly signal: AbortSignal },
  ): Promise<ReadonlyMap<string, Health>>;
  /**
   * Resolves when every object is gone, or time is up. Answers with the uids of those that went since it was asked: whoever deletes
   * asks first.
   */
  untilGone(
    resource: ResourceRef,
    uids: readonly string[],
    options: { readonly atMostMs: number; readonly signal: AbortSignal },
  ): Promise<ReadonlySet<string>>;
}

/** What the activities of one operator stand on. */
export interface Dependencies {
  readonly operator: Operator;
  readonly api: KubernetesApi;
  /** Present where the bridge runs in the same process; else the API server is asked. */
  readonly resources?: ResourceReader;
  /** Present where the bridge runs in the same process; else the API server is asked. */
  readonly scalers?: ScalerReader;
  /** Present where the bridge runs in the same process; else a workflow hears of what it applied by a hint. */
  readonly objects?: ObjectFollower;
  readonly lists: LabelledLists;
  readonly renderer: Renderer;
  readonly revisions: Revisions;
  readonly digestKey: DigestKey;
  readonly events: EventRecorder;
  readonly refusedReads: RefusedReads;
  readonly log: Log;
}
