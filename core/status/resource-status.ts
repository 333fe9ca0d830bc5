/** What stands under `status` of a custom resource: enough for kubectl to answer when no worker and no Temporal is there. */

import type { ObjectKey } from '../refs.ts';
import type { Memory } from '../rollout/course.ts';
import type { Trigger } from '../rollout/rules.ts';

/** `metav1.Condition`. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly observedGeneration: number;
  /** RFC 3339, whole seconds; moves only when `status` flips. */
  readonly lastTransitionTime: string;
  readonly reason: string;
  readonly message: string;
}

export interface StageStatus {
  /** The role, for example `broker`. */
  readonly name: string;
  readonly state: 'Pending' | 'Rolling' | 'Done' | 'Failed';
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly seconds?: number;
}

export interface RolloutReport {
  /** What began it. */
  readonly trigger: Trigger;
  /** The generation that is rolled out. */
  readonly generation: number;
  /** Digest of the set of objects before, where it was a good one. */
  readonly from?: string;
  /** Digest of the set of objects it leads to. */
  readonly to?: string;
  readonly startedAt: string;
  readonly finishedAt?: string;
  readonly seconds?: number;
  readonly stages: readonly StageStatus[];
  /** What waits for a person. */
  readonly pendingApprovals?: readonly PendingApproval[];
  /** RFC 3339: when a maintenance window opens that it waits for. */
  readonly nextWindow?: string;
}

export interface PendingApproval {
  readonly stage: string;
  /** Goes into the annotation `durable-operator.dev/approve`, or to `durable-operator approve`. */
  readonly token: string;
  readonly reason: string;
}

export type PastRollout = Omit<RolloutReport, 'stages' | 'pendingApprovals' | 'nextWindow'>;

export interface InventoryStatus {
  readonly objects: number;
  /** As kubectl accepts them, sorted: `ConfigMap`, `StatefulSet.apps`. The bridge watches these. */
  readonly kinds: readonly string[];
  /** Those of them of which an object is in another namespace than the resource. */
  readonly elsewhere?: readonly string[];
  /**
   * Keys of what may be behind an API because of this resource, where there is any: the only trace of it in the cluster. Written
   * before anything is created.
   */
  readonly externals?: readonly ObjectKey[];
  /** Of these, what was there before; it is kept when the resource goes. */
  readonly adopted?: readonly ObjectKey[];
  /** Of these, what was never seen on its server as it is wanted. */
  readonly unconfirmed?: readonly ObjectKey[];
  /** External objects that it wants and does not have. */
  readonly wanted?: readonly ObjectKey[];
  /** `askedFingerprint` of the labels and annotations that were read; absent when there were none. */
  readonly commands?: string;
  /** `statusFingerprint` of the rest of the status, as it was written. */
  readonly written?: string;
  /** `inventoryFingerprint` of what was applied in the cluster. */
  readonly fingerprint: string;
}

/** An object that the resource reads, or is refused, and does not own. A bridge that sees another word than this says so. */
export interface ReferenceStatus {
  /** Its key, for example `Secret/tls` or `Pinot.datainfra.io/analytics/p1`. */
  readonly object: string;
  /** What was seen of it (`seenOf` in `core/seen.ts`), or who has it (`holderWord` in `core/ownership.ts`). */
  readonly seen: string;
}

/** An object that is being deleted, and held by finalizers of others. */
export interface TerminatingStatus {
  /** Its key, or `the resource itself`. */
  readonly object: string;
  readonly finalizers: readonly string[];
  /** RFC 3339. */
  readonly since: string;
}

export interface ResourceStatus {
  readonly observedGeneration: number;
  readonly conditions: readonly Condition[];
  /** Workloads that are Current, at whatever template they have, of all: `3/4`. */
  readonly ready: string;
  /** Those among them that are as the newest plan asks for, of all; less than `ready` while a change waits or is refused. */
  readonly updated?: string;
  /** The role that is being rolled, or `-`. */
  readonly stage: string;
  readonly rollout?: RolloutReport;
  /** The rollouts before, newest first: what outlives Temporal's retention. */
  readonly history?: readonly PastRollout[];
  /** What a rollback goes back to, and what is not wanted: read back when Temporal knows nothing. */
  readonly memory?: Memory;
  readonly inventory?: InventoryStatus;
  /** What the operator's routine answered last, in its own words. */
  readonly routine?: unknown;
  /** What it waits for or reads of others, sorted; absent when there is nothing. The bridge watches these. */
  readonly references?: readonly ReferenceStatus[];
  /** What is being deleted and held by finalizers of others, the longest first; absent when there is nothing. */
  readonly terminating?: readonly TerminatingStatus[];
}
