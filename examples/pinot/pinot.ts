/** The custom resource `datainfra.io/v1beta1 Pinot`, in the fields its users write today. */
import type {
  V1Container,
  V1ContainerPort,
  V1PersistentVolumeClaimSpec,
  V1PodSpec,
  V1Probe,
  V1SecretReference,
  V1ServiceSpec,
  V1VolumeMount,
} from '@kubernetes/client-node';
import { customResource } from 'durable-operator';
import type { ResourceDefinition } from 'durable-operator';

export interface PinotSpec {
  /** How the schema, table and tenant controllers sign in; the cluster itself does not read it. */
  readonly auth?: { readonly type: string; readonly secretRef: V1SecretReference };
  /** Names of Pinot plugins to load. All of them when absent. */
  readonly plugins?: readonly string[];
  /** Node types in the order in which they are upgraded. */
  readonly deploymentOrder: readonly string[];
  readonly external?: {
    readonly zookeeper: { readonly spec: { readonly zkAddress: string } };
    readonly deepStorage?: { readonly spec?: readonly DeepStorage[] };
  };
  readonly k8sConfig: readonly K8sConfig[];
  readonly pinotNodeConfig: readonly PinotNodeConfig[];
  readonly nodes: readonly PinotNode[];
}

/** Lines for the configuration file of every node of one type. */
export interface DeepStorage {
  readonly nodeType?: string;
  readonly data?: string;
}

/** A group of pods of one kind, and which of the two configurations they use. */
export interface PinotNode {
  readonly name: string;
  /** `StatefulSet` or `Deployment`; `Statefulset` is accepted too. */
  readonly kind: string;
  readonly replicas: number;
  /** One of `controller`, `broker`, `server`, `minion`. */
  readonly nodeType: string;
  readonly k8sConfig: string;
  readonly pinotNodeConfig: string;
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
  readonly port: V1ContainerPort[];
  readonly service: V1ServiceSpec;
  readonly startUpProbe?: V1Probe;
  readonly volumeMount?: readonly V1VolumeMount[];
  readonly storageConfig?: readonly StorageConfig[];
  readonly podMetadata?: {
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
  /** Containers beside Pinot in each pod. */
  readonly sidecars?: readonly V1Container[];
}

export interface StorageConfig {
  readonly name: string;
  readonly mountPath: string;
  readonly spec: V1PersistentVolumeClaimSpec;
}

/** What Pinot itself reads. */
export interface PinotNodeConfig {
  readonly name: string;
  readonly java_opts: string;
  /** The lines of the properties file. */
  readonly data: string;
}

export const Pinot: ResourceDefinition<PinotSpec> = customResource<PinotSpec>(
  'datainfra.io/v1beta1',
  'Pinot',
);
