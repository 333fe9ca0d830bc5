/**
 * One vocabulary from the API server to the operator's eye: the same word is the type of an `ApplicationFailure`, the
 * reason of a condition, the reason of an event, the label of a metric and the field `reason` of a log line.
 */

/** Kubernetes' own StatusReasons, verbatim. */
export const STATUS_REASONS = {
  NotFound: 'NotFound',
  AlreadyExists: 'AlreadyExists',
  Conflict: 'Conflict',
  Invalid: 'Invalid',
  BadRequest: 'BadRequest',
  Forbidden: 'Forbidden',
  Unauthorized: 'Unauthorized',
  TooManyRequests: 'TooManyRequests',
  Timeout: 'Timeout',
  ServerTimeout: 'ServerTimeout',
  ServiceUnavailable: 'ServiceUnavailable',
  InternalError: 'InternalError',
  Gone: 'Gone',
  Expired: 'Expired',
} as const;

/** What Kubernetes has no word for. */
export const OUR_REASONS = {
  /** `desired` refused the resource, or its objects contradict each other. */
  PlanInvalid: 'PlanInvalid',
  /** The resource changed after it was planned; it is planned again. */
  PlanStale: 'PlanStale',
  /** The object is controlled by somebody else. */
  OwnershipConflict: 'OwnershipConflict',
  /** Another resource that must be ready before something is applied is not there, or not ready. */
  DependencyNotReady: 'DependencyNotReady',
  /** What must be ready before something is applied waits, directly or not, for this resource. */
  DependencyCircle: 'DependencyCircle',
  /** A ConfigMap or Secret that pods read, and that is not the resource's own, is not there, or a key of it. */
  ConfigMapNotFound: 'ConfigMapNotFound',
  SecretNotFound: 'SecretNotFound',
  KeyNotFound: 'KeyNotFound',
  /** Somebody else changes a field of the object as often as it is put back. */
  FieldFight: 'FieldFight',
  RolloutTimedOut: 'RolloutTimedOut',
  GateClosed: 'GateClosed',
  /** A gate threw, or took too long; it is asked again. */
  GateFailed: 'GateFailed',
  HookFailed: 'HookFailed',
  /** The operator's routine threw; it runs again in time. */
  RoutineFailed: 'RoutineFailed',
  /** A pod of the workload crashes, cannot be pulled, cannot be scheduled. */
  WorkloadFailed: 'WorkloadFailed',
  /** An autoscaler of the resource cannot scale; its workload keeps the replicas that it has. */
  AutoscalerFailed: 'AutoscalerFailed',
  /** Somebody paused it. */
  Paused: 'Paused',
  AwaitingApproval: 'AwaitingApproval',
  WindowClosed: 'WindowClosed',
  /** The order lists a role that no workload has, and not one that a workload has: stages wait until it is corrected. */
  OrderUnclear: 'OrderUnclear',
  /** A stage is through and watched for a while. */
  Baking: 'Baking',
  /** The last good set of objects takes the place of what the spec asks for. */
  RolledBack: 'RolledBack',
  RollingBack: 'RollingBack',
  /** A rollback was asked for, or its policy wants one, and the former set of objects is not there. */
  RollbackImpossible: 'RollbackImpossible',
  /** The same steps were taken again and again without a rest; work goes on, slowly. */
  NoProgress: 'NoProgress',
  /** The operator's code changed, and the resource did not. */
  RuntimeUpdatePending: 'RuntimeUpdatePending',
  /** A deletion was ended without what it waited for. */
  Abandoned: 'Abandoned',
  Installing: 'Installing',
  RollingOut: 'RollingOut',
  /** Applied, and not yet Current. */
  WaitingForHealth: 'WaitingForHealth',
  /** Claims grow, and their driver has not got there. */
  Resizing: 'Resizing',
  /** A workload is deleted and made anew, around its pods or with them, to change what cannot be changed in place. */
  Recreating: 'Recreating',
  /** A claim is to be smaller than it is. */
  ClaimWouldShrink: 'ClaimWouldShrink',
  /** A claim is to grow, and its StorageClass does not allow it. */
  ClassCannotExpand: 'ClassCannotExpand',
  /** The driver gave up growing a claim. */
  ResizeFailed: 'ResizeFailed',
  /** Carrying it out would lose pods or data. */
  ApprovalRequired: 'ApprovalRequired',
  /** What is on the server was made by others; a person decides whether this resource takes it over. */
  AdoptionRequired: 'AdoptionRequired',
  /** What is on the server was made by others, and may not be taken over. */
  AdoptionRefused: 'AdoptionRefused',
  /** An external object was given up, and its server could not be seen to be without it. */
  RemovalUnconfirmed: 'RemovalUnconfirmed',
  Pruning: 'Pruning',
  Deleting: 'Deleting',
  /** With `--cascade=foreground` the order of a deletion is not ours. */
  ForegroundDeletion: 'ForegroundDeletion',
  Reconciled: 'Reconciled',
  /** The server behind an activity did not answer; it is asked again. */
  Unreachable: 'Unreachable',
  /** The server behind an external object refuses what is wanted; the message is its answer. */
  RemoteRefused: 'RemoteRefused',
  /** An admission webhook without which the API server takes no write of this object does not answer. */
  WebhookUnreachable: 'WebhookUnreachable',
  /** The namespace of the object is being deleted, and nothing can be created there. */
  NamespaceTerminating: 'NamespaceTerminating',
  /** The schema of the resource does not take the status; nothing goes on until it does. */
  StatusRefused: 'StatusRefused',
  StatusOverwritten: 'StatusOverwritten',
} as const;

const PASSING: ReadonlySet<string> = new Set([
  STATUS_REASONS.TooManyRequests,
  STATUS_REASONS.Timeout,
  STATUS_REASONS.ServerTimeout,
  STATUS_REASONS.ServiceUnavailable,
  STATUS_REASONS.InternalError,
  STATUS_REASONS.Conflict,
  OUR_REASONS.Unreachable,
  OUR_REASONS.WebhookUnreachable,
  OUR_REASONS.Deleting,
  OUR_REASONS.Recreating,
  OUR_REASONS.PlanStale,
]);

/** Whether what it names passes by itself, as an outage does, so that nobody need act. */
export function isPassing(reason: string): boolean {
  return PASSING.has(reason);
}

export type StatusReason = keyof typeof STATUS_REASONS;
export type Reason = StatusReason | keyof typeof OUR_REASONS;
