/** Stands in for the client library, whose own declarations pull in those of Node. Only the names matter here. */
interface Model {
  readonly [field: string]: unknown;
}

export interface V1PersistentVolumeClaim {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: object;
}
export type V1ConfigMap = Model;
export type V1CronJobSpec = Model;
export type V1DaemonSetSpec = Model;
export type V1DeploymentSpec = Model;
export type V1IngressSpec = Model;
export type V1JobSpec = Model;
export type V1NetworkPolicySpec = Model;
export type V1PersistentVolumeClaimSpec = Model;
export type V1PodDisruptionBudgetSpec = Model;
export type V1PodSpec = Model;
export type V1Role = Model;
export type V1RoleBinding = Model;
export type V1Secret = Model;
export type V1ServiceAccount = Model;
export type V1ServiceSpec = Model;
export type V1StatefulSetSpec = Model;
export type V2HorizontalPodAutoscalerSpec = Model;
