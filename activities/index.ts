/**
 * Everything that touches a server or runs an author's code. Workflows know these only by type; each is idempotent, and
 * answers with refs, digests and sentences, never with a manifest or a value of a Secret.
 */
import type { Edit } from '../core/commands/edit.ts';
import type { Signed } from '../core/commands/orders.ts';
import type { ObjectKey, ResourceRef } from '../core/refs.ts';
import type { ApplyResult, Observation, RevertResult } from '../core/rollout/fold.ts';
import type { Removal } from '../core/rollout/fold-pruned.ts';
import { annotateResource } from './annotate-resource.ts';
import type { ApplyItem, RevertItem } from './apply-objects.ts';
import { applyObjects, revertObjects } from './apply-objects.ts';
import { applyExternals } from './apply-externals.ts';
import { ofAttempt } from './attempt-api.ts';
import type { HookRequest } from './author-code.ts';
import type { ClaimItem } from './claim-externals.ts';
import { claimExternals } from './claim-externals.ts';
import type { Claim } from '../core/rollout/claims.ts';
import { checkGate, cleanUp, runHook } from './author-code.ts';
import type { Dependencies } from './dependencies.ts';
import { heartbeating } from './heartbeat.ts';
import { LabelledLists } from './labelled-lists.ts';
import { observeExternals } from './observe-externals.ts';
import type { Terminating } from '../core/finalizers.ts';
import type { Sight } from '../core/rollout/unread.ts';
import type { GateReply } from '../core/rollout/fold-passage.ts';
import type { Entry } from '../core/rollout/state.ts';
import type { Unblocked } from '../core/rollout/unblock.ts';
import type { Growth, Named } from '../core/storage/next-reshape.ts';
import type { Sought } from './observe-objects.ts';
import { observeObjects } from './observe-objects.ts';
import type { ShapeAnswer } from './observe-shape.ts';
import { observeShape } from './observe-shape.ts';
import type { StatusReport, Written } from './patch-status.ts';
import { abandonResource, patchStatus, removeFinalizer } from './patch-status.ts';
import type { PlanAnswer, PlanRequest } from './plan-resource.ts';
import { planResource } from './plan-resource.ts';
import type { PruneItem } from './prune-objects.ts';
import { pruneObjects } from './prune-objects.ts';
import type { PlanRef } from './read-resource.ts';
import type { RoutineOutcome } from '../core/rollout/routine.ts';
import type { RoutineRequest } from './run-routine.ts';
import { runRoutine } from './run-routine.ts';
import { removeExternals } from './remove-externals.ts';
import type { StepResult } from './reshape-stateful-set.ts';
import {
  growClaims,
  recreateStatefulSet,
  releasePods,
  restoreStatefulSets,
  settleStatefulSet,
} from './reshape-stateful-set.ts';
import { clearPods } from './replace-workload.ts';
import { restartPod, unblockWorkload } from './unblock-workload.ts';

export type { RoutineRequest } from './run-routine.ts';
export type { Dependencies, ResourceReader } from './dependencies.ts';
export type { ApplyItem, RevertItem } from './apply-objects.ts';
export type { ClaimItem } from './claim-externals.ts';
export type { ShapeAnswer } from './observe-shape.ts';
export type { StepResult } from './reshape-stateful-set.ts';
export type { StatusReport, Written } from './patch-status.ts';
export type { PlanAnswer, PlanRequest } from './plan-resource.ts';
export type { PlanDelta } from './choose-plan.ts';
export type { PruneItem } from './prune-objects.ts';
export type { PlanRef } from './read-resource.ts';
export type { News } from './event-recorder.ts';
export { createEventRecorder } from './event-recorder.ts';
export type { EventsStatus } from './event-recorder.ts';
export { createDigestKey } from './digest-key.ts';
export { createRenderer } from './renderer.ts';
export { servedScopes } from './scopes.ts';
export { RefusedReads } from './refused-reads.ts';
export { Revisions } from './revisions.ts';

type Apply = (
  plan: PlanRef,
  items: readonly ApplyItem[],
  patienceMs?: number,
) => Promise<readonly ApplyResult[]>;

/** What is there of a StatefulSet that was put back; nothing when it is gone. */
export interface Restored {
  readonly key: ObjectKey;
  readonly entry?: Entry;
}

/** The activities of one operator, as Temporal UI names them. */
export interface Activities {
  planResource(request: PlanRequest): Promise<PlanAnswer>;
  observeObjects(resource: ResourceRef, sought: readonly Sought[], uid?: string): Promise<readonly Sight[]>;
  applyConfigMaps: Apply;
  applyStorage: Apply;
  applyServices: Apply;
  applyNetworkPolicies: Apply;
  applyObjects: Apply;
  applyWorkloads: Apply;
  claimExternals(plan: PlanRef, items: readonly ClaimItem[]): Promise<readonly Claim[]>;
  applyExternals: Apply;
  observeExternals(resource: ResourceRef, keys: readonly ObjectKey[]): Promise<readonly Observation[]>;
  removeExternals(resource: ResourceRef, items: readonly PruneItem[]): Promise<readonly Removal[]>;
  observeShape(plan: PlanRef, key: ObjectKey): Promise<ShapeAnswer>;
  growClaims(plan: PlanRef, key: ObjectKey, claims: readonly Growth[]): Promise<StepResult>;
  releasePods(plan: PlanRef, key: ObjectKey, uid: string): Promise<StepResult>;
  clearPods(plan: PlanRef, key: ObjectKey, pods: readonly Named[]): Promise<StepResult>;
  recreateStatefulSet(plan: PlanRef, key: ObjectKey): Promise<StepResult>;
  settleStatefulSet(plan: PlanRef, key: ObjectKey, isHeld: boolean): Promise<StepResult>;
  restoreStatefulSets(
    resource: ResourceRef,
    keys: readonly ObjectKey[],
    uid: string,
  ): Promise<readonly Restored[]>;
  restartPod(resource: ResourceRef, key: ObjectKey, pod: { name: string; uid: string }): Promise<StepResult>;
  unblockWorkload(resource: ResourceRef, key: ObjectKey, uid: string, gate?: 'unasked'): Promise<Unblocked>;
  revertObjects(plan: PlanRef, items: readonly RevertItem[]): Promise<readonly RevertResult[]>;
  pruneObjects(
    resource: ResourceRef,
    items: readonly PruneItem[],
    uid: string,
    generation?: number,
  ): Promise<readonly Removal[]>;
  checkGate(plan: PlanRef, key: ObjectKey): Promise<GateReply>;
  runHook(plan: PlanRef, key: ObjectKey, request: HookRequest): Promise<void>;
  cleanUp(resource: ResourceRef): Promise<void>;
  runRoutine(request: RoutineRequest): Promise<RoutineOutcome>;
  /** Answers with nothing in histories of before. */
  patchStatus(report: StatusReport): Promise<Written | undefined>;
  /** Answers with nothing in histories of before. */
  removeFinalizer(
    resource: ResourceRef,
    uid: string,
  ): Promise<{ readonly terminating?: Terminating } | undefined>;
  abandonResource(
    resource: ResourceRef,
    uid: string,
    left: readonly ObjectKey[],
    order: Signed,
  ): Promise<void>;
  annotateResource(resource: ResourceRef, uid: string, edit: Edit, now: number): Promise<void>;
}

export function createActivities(given: Omit<Dependencies, 'lists'>): Activities {
  const dependencies = { ...given, lists: new LabelledLists(given.api, given.operator.name) };
  /** The requests of an attempt end with it. */
  const attempt = <Result>(work: (of: Dependencies) => Promise<Result>): Promise<Result> =>
    work(ofAttempt(dependencies));
  const beating = <Result>(work: (of: Dependencies) => Promise<Result>): Promise<Result> =>
    heartbeating(() => attempt(work));
  const apply: Apply = (plan, items, patienceMs) =>
    beating((of) => applyObjects(of, plan, items, patienceMs));
  return {
    planResource: (request) => attempt((of) => planResource(of, request)),
    observeObjects: (resource, sought, uid) => attempt((of) => observeObjects(of, resource, sought, uid)),
    applyConfigMaps: apply,
    applyStorage: apply,
    applyServices: apply,
    applyNetworkPolicies: apply,
    applyObjects: apply,
    applyWorkloads: apply,
    claimExternals: (plan, items) => attempt((of) => claimExternals(of, plan, items)),
    applyExternals: (plan, items) => attempt((of) => applyExternals(of, plan, items)),
    observeExternals: (resource, keys) => attempt((of) => observeExternals(of, resource, keys)),
    removeExternals: (resource, items) => attempt((of) => removeExternals(of, resource, items)),
    observeShape: (plan, key) => attempt((of) => observeShape(of, plan, key)),
    growClaims: (plan, key, claims) => beating((of) => growClaims(of, plan, key, claims)),
    releasePods: (plan, key, uid) => beating((of) => releasePods(of, plan, key, uid)),
    clearPods: (plan, key, pods) => beating((of) => clearPods(of, plan, key, pods)),
    recreateStatefulSet: (plan, key) => beating((of) => recreateStatefulSet(of, plan, key)),
    settleStatefulSet: (plan, key, isHeld) => beating((of) => settleStatefulSet(of, plan, key, isHeld)),
    restoreStatefulSets: (resource, keys, uid) =>
      beating((of) => restoreStatefulSets(of, resource, keys, uid)),
    restartPod: (resource, key, pod) => beating((of) => restartPod(of, resource, key, pod)),
    unblockWorkload: (resource, key, uid, gate) =>
      beating((of) => unblockWorkload(of, resource, key, uid, gate)),
    revertObjects: (plan, items) => beating((of) => revertObjects(of, plan, items)),
    pruneObjects: (resource, items, uid, generation) =>
      beating((of) => pruneObjects(of, resource, items, uid, generation)),
    checkGate: (plan, key) => attempt((of) => checkGate(of, plan, key)),
    runHook: (plan, key, request) => attempt((of) => runHook(of, plan, key, request)),
    cleanUp: (resource) => attempt((of) => cleanUp(of, resource)),
    runRoutine: (request) => attempt((of) => runRoutine(of, request)),
    patchStatus: (report) => attempt((of) => patchStatus(of, report)),
    removeFinalizer: (resource, uid) => beating((of) => removeFinalizer(of, resource, uid)),
    abandonResource: (resource, uid, left, order) =>
      beating((of) => abandonResource(of, resource, uid, left, order)),
    annotateResource: (resource, uid, edit, now) =>
      beating((of) => annotateResource(of, resource, uid, edit, now)),
  };
}
