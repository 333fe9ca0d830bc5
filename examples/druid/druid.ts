/** A custom resource of our own: `druid.example.dev/v1 Druid`. */
import type { V1Container } from '@kubernetes/client-node';
import { customResource } from 'durable-operator';
import type { ResourceDefinition } from 'durable-operator';

export interface DruidSpec {
  readonly image: string;
  /** Properties of every node, for example `druid.storage.type: s3`. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Names of Secrets whose keys are variables of every node: `druid_metadata_storage_connector_password`. */
  readonly secrets?: readonly string[];
  /** Where the operator asks the Coordinator; its Service when absent. */
  readonly coordinatorUrl?: string;
  readonly nodes: readonly DruidNode[];
}

/** A group of pods that run one service of Druid. */
export interface DruidNode extends Pick<V1Container, 'resources'> {
  readonly name: string;
  readonly service: DruidService;
  readonly replicas: number;
  readonly javaOptions?: string;
  /** Properties of this node, over those of all. */
  readonly properties?: Readonly<Record<string, string>>;
  /** The size of a disk for each pod; none when absent. */
  readonly storage?: string;
}

/** The services with their ports, in the order in which Druid's documentation says to update them. */
export const SERVICES = {
  historical: 8083,
  middleManager: 8091,
  indexer: 8091,
  broker: 8082,
  router: 8888,
  overlord: 8090,
  coordinator: 8081,
} as const;

export type DruidService = keyof typeof SERVICES;

export const Druid: ResourceDefinition<DruidSpec> = customResource<DruidSpec>(
  'druid.example.dev/v1',
  'Druid',
);
