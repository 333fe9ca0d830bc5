/** The author's door: everything needed to say what a custom resource means. Pure; it loads no client and no server. */
export { customResource } from './api/resource.ts';
export type {
  CustomResourceOptions,
  Resource,
  ResourceDefinition,
  ResourceMetadata,
} from './api/resource.ts';
export { defineOperator, DEFAULT_STAGE_DEADLINE } from './api/operator.ts';
export type {
  Context,
  Desired,
  Gate,
  Hook,
  HookContext,
  HookRollout,
  ObjectManifest,
  ObjectReference,
  Operator,
  OperatorDefinition,
  RolloutPolicy,
  SecretReference,
} from './api/operator.ts';
export { InvalidResource, invalid } from './api/invalid.ts';
export type { InvalidCause } from './api/invalid.ts';
export { check } from './api/check.ts';
export type { Checks, NamedEntry } from './api/check.ts';
export { differenceOf, externalKind, ServerGone, Unreachable } from './api/external.ts';
export type {
  Adoption,
  ExternalContext,
  ExternalFunctions,
  ExternalKind,
  ExternalKindOptions,
  ExternalOptions,
} from './api/external.ts';
export { inOrder } from './api/order.ts';
export type { Ordered, OrderOptions } from './api/order.ts';
export { ready } from './api/requirement.ts';
export type { Requirement } from './api/requirement.ts';
export type { Routine, RoutineAnswer, RoutineContext } from './api/routine.ts';
export type { TimeLimits } from './api/time-limits.ts';
export type { Named } from './api/named.ts';
export {
  configMap,
  cronJob,
  daemonSet,
  deployment,
  horizontalPodAutoscaler,
  ingress,
  job,
  networkPolicy,
  object,
  persistentVolumeClaim,
  podDisruptionBudget,
  role,
  roleBinding,
  secret,
  service,
  serviceAccount,
  statefulSet,
} from './api/objects.ts';
export type {
  ClaimOptions,
  ConfigurationOptions,
  DesiredObject,
  ObjectOptions,
  StatefulSetBody,
  TargetOptions,
  WorkloadOptions,
} from './api/objects.ts';
export { plan } from './core/plan/plan.ts';
export type { Plan } from './core/plan/plan.ts';
