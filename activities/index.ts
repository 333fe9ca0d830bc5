/**
 * Everything that touches a server or runs an author's code. Workflows know these only by type; each is idempotent, and
 * answers with refs, digests and sentences, never with a manifest or a value of a Secret.
 */
import type { ObjectKey, ResourceRef } from '../core/refs.ts';
import type { ApplyResult, Observation, Removal } from '../core/rollout/fold.ts';
import type { ApplyItem } from './apply-objects.ts';
import { applyObjects } from './apply-objects.ts';
import { applyExternals } from './apply-externals.ts';
import { checkGate, cleanUp, runHook } from './author-code.ts';
import type { Dependencies } from './dependencies.ts';
import { observeExternals } from './observe-externals.ts';
import { observeObjects } from './observe-objects.ts';
import type { StatusReport } from './patch-status.ts';
import { patchStatus, removeFinalizer } from './patch-status.ts';
import type { PlanAnswer, PlanRequest } from './plan-resource.ts';
import { planResource } from './plan-resource.ts';
import type { PruneItem, PruneOutcome } from './prune-objects.ts';
import { pruneObjects } from './prune-objects.ts';
import type { PlanRef } from './read-resource.ts';
import type { RoutineOutcome } from '../core/rollout/routine.ts';
import type { RoutineRequest } from './run-routine.ts';
import { runRoutine } from './run-routine.ts';
import { removeExternals } from './remove-externals.ts';

export type { RoutineRequest } from './run-routine.ts';
export type { Dependencies, ResourceReader } from './dependencies.ts';
export type { ApplyItem } from './apply-objects.ts';
export type { StatusReport } from './patch-status.ts';
export type { PlanAnswer, PlanDelta, PlanRequest } from './plan-resource.ts';
export type { PruneItem, PruneOutcome } from './prune-objects.ts';
export type { PlanRef } from './read-resource.ts';
export type { News } from './event-recorder.ts';
export { createEventRecorder } from './event-recorder.ts';
export { createRenderer } from './renderer.ts';

type Apply = (plan: PlanRef, items: readonly ApplyItem[]) => Promise<readonly ApplyResult[]>;

/** The activities of one operator, as Temporal UI names them. */
export interface Activities {
  planResource(request: PlanRequest): Promise<PlanAnswer>;
  observeObjects(resource: ResourceRef, keys: readonly ObjectKey[]): Promise<readonly Observation[]>;
  applyConfigMaps: Apply;
  applyStorage: Apply;
  applyServices: Apply;
  applyNetworkPolicies: Apply;
  applyObjects: Apply;
  applyWorkloads: Apply;
  applyExternals: Apply;
  observeExternals(resource: ResourceRef, keys: readonly ObjectKey[]): Promise<readonly Observation[]>;
  removeExternals(resource: ResourceRef, items: readonly PruneItem[]): Promise<readonly Removal[]>;
  pruneObjects(resource: ResourceRef, items: readonly PruneItem[]): Promise<readonly PruneOutcome[]>;
  checkGate(plan: PlanRef, key: ObjectKey): Promise<true | string>;
  runHook(plan: PlanRef, key: ObjectKey, when: 'before' | 'after'): Promise<void>;
  cleanUp(resource: ResourceRef): Promise<void>;
  runRoutine(request: RoutineRequest): Promise<RoutineOutcome>;
  patchStatus(report: StatusReport): Promise<void>;
  removeFinalizer(resource: ResourceRef, uid: string): Promise<void>;
}

export function createActivities(dependencies: Dependencies): Activities {
  const apply: Apply = (plan, items) => applyObjects(dependencies, plan, items);
  return {
    planResource: (request) => planResource(dependencies, request),
    observeObjects: (resource, keys) => observeObjects(dependencies, resource, keys),
    applyConfigMaps: apply,
    applyStorage: apply,
    applyServices: apply,
    applyNetworkPolicies: apply,
    applyObjects: apply,
    applyWorkloads: apply,
    applyExternals: (plan, items) => applyExternals(dependencies, plan, items),
    observeExternals: (resource, keys) => observeExternals(dependencies, resource, keys),
    removeExternals: (resource, items) => removeExternals(dependencies, resource, items),
    pruneObjects: (resource, items) => pruneObjects(dependencies, resource, items),
    checkGate: (plan, key) => checkGate(dependencies, plan, key),
    runHook: (plan, key, when) => runHook(dependencies, plan, key, when),
    cleanUp: (resource) => cleanUp(dependencies, resource),
    runRoutine: (request) => runRoutine(dependencies, request),
    patchStatus: (report) => patchStatus(dependencies, report),
    removeFinalizer: (resource, uid) => removeFinalizer(dependencies, resource, uid),
  };
}
