/** The custom resource `dsoi.datainfra.io/v1beta1 Autoscaler`: autoscaling apart from whoever installs and upgrades. */
import { customResource } from 'durable-operator';
import type { ResourceDefinition } from 'durable-operator';

export interface AutoscalerSpec {
  /** Where metrics come from; needed by entries with a `query`. */
  readonly external?: { readonly spec: External };
  /** Decides and says what it would do, and does nothing. */
  readonly dryRun?: boolean;
  /** How often metrics are read. @defaultValue {@link DEFAULT_INTERVAL} */
  readonly interval?: string;
  readonly autoscaling: readonly Entry[];
}

export interface External {
  /** Of a Prometheus, for example `http://prometheus.monitoring:9090`. */
  readonly url: string;
  /** A Secret of the same namespace with `token`, or with `username` and `password`. */
  readonly secretRef?: { readonly name: string };
}

export interface Entry {
  /** Of the StatefulSet or Deployment. */
  readonly name: string;
  readonly spec: EntrySpec;
}

export interface EntrySpec {
  /** @defaultValue `false` */
  readonly enable?: boolean;
  /** @defaultValue `'StatefulSet'` */
  readonly kind?: WorkloadKind;
  readonly minReplica: number;
  readonly maxReplica: number;
  /** The value at which the replicas are just right; of `resource`, in percent of what its containers request. */
  readonly threshold: number;
  /** After a change no other one for so long: seconds, or a duration such as `5m`. */
  readonly coolDown: number | string;
  /** A query that answers one number: the value for each replica, such as an average. */
  readonly query?: string;
  /** Instead of a query: a metric that Kubernetes has itself. An HPA of Kubernetes does it then. */
  readonly resource?: 'cpu' | 'memory';
}

export type WorkloadKind = 'StatefulSet' | 'Deployment';

/** What the status says of one entry, and what the next decision stands on. */
export interface EntryStatus {
  readonly name: string;
  readonly kind: WorkloadKind;
  /** As last read; three digits. */
  readonly value?: number;
  /** That it had when it was last looked at. */
  readonly replicas?: number;
  /** That it was last decided to have; absent before the first decision to scale. */
  readonly wanted?: number;
  /** When `wanted` was decided, until it is carried out; RFC 3339. */
  readonly decidedAt?: string;
  readonly decision: Decision;
  readonly why: string;
  /** RFC 3339. */
  readonly coolDownUntil?: string;
}

export type Decision =
  | 'Kept'
  | 'ScaledUp'
  | 'ScaledDown'
  | 'WouldScaleUp'
  | 'WouldScaleDown'
  | 'CoolingDown'
  | 'Hibernated'
  | 'Refused'
  | 'Unknown';

export interface AutoscalerState {
  readonly entries: readonly EntryStatus[];
}

export const DEFAULT_INTERVAL = '30 seconds';

export const Autoscaler: ResourceDefinition<AutoscalerSpec> = customResource<AutoscalerSpec>(
  'dsoi.datainfra.io/v1beta1',
  'Autoscaler',
);
