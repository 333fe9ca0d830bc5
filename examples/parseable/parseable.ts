/** The custom resource `parseable.io/v1beta1 ParseableTenant`, in the fields its users write today. */
import type {
  V1Container,
  V1PersistentVolumeClaimSpec,
  V1PodSpec,
  V1Probe,
  V1ServiceSpec,
  V1VolumeMount,
} from '@kubernetes/client-node';
import { customResource } from 'durable-operator';
import type { ResourceDefinition } from 'durable-operator';

export interface ParseableSpec {
  /** Node types in the order in which they are upgraded. */
  readonly deploymentOrder: readonly string[];
  /** Variables of every node, `NAME=value` in lines: where the object store is, and how to sign in. */
  readonly external?: { readonly objectStore: { readonly spec: ObjectStore } };
  readonly k8sConfig: readonly K8sConfig[];
  readonly parseableConfig: readonly ParseableConfig[];
  readonly nodes: readonly ParseableNode[];
}

export interface ObjectStore {
  readonly type: string;
  readonly data: string;
}

/** A group of pods of one kind, and which of the two configurations they use. */
export interface ParseableNode {
  readonly name: string;
  /** `StatefulSet` or `Deployment`; `Statefulset` is accepted too. */
  readonly kind: string;
  /** Any word; the place of the node in `deploymentOrder`. */
  readonly type: string;
  readonly replicas: number;
  readonly k8sConfig: string;
  readonly parseableConfig: string;
}

/** How the pods of a node run. */
export interface K8sConfig
  extends
    Pick<V1Container, 'env' | 'image' | 'imagePullPolicy' | 'livenessProbe' | 'readinessProbe' | 'resources'>,
    Pick<
      V1PodSpec,
      'affinity' | 'initContainers' | 'nodeSelector' | 'serviceAccountName' | 'tolerations' | 'volumes'
    > {
  readonly name: string;
  readonly image: string;
  readonly service?: V1ServiceSpec;
  readonly startUpProbe?: V1Probe;
  readonly volumeMount?: readonly V1VolumeMount[];
  readonly storageConfig?: readonly StorageConfig[];
  readonly podMetadata?: {
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
  /** Containers beside Parseable in each pod. */
  readonly sidecars?: readonly V1Container[];
}

export interface StorageConfig {
  readonly name: string;
  readonly mountPath: string;
  readonly spec: V1PersistentVolumeClaimSpec;
}

/** What Parseable itself reads. */
export interface ParseableConfig {
  readonly name: string;
  /** After `parseable` on its command line, for example `local-store`. */
  readonly cliArgs: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export const ParseableTenant: ResourceDefinition<ParseableSpec> = customResource<ParseableSpec>(
  'parseable.io/v1beta1',
  'ParseableTenant',
);
