/** Mistakes about external kinds, refused where they are written. Compiled, never run. */
import { customResource, defineOperator, externalKind } from 'durable-operator';
import type { DesiredObject, ExternalKind, Operator } from 'durable-operator';

interface Topic {
  readonly partitions: number;
}

interface ClusterSpec {
  readonly brokers: string;
}

const Topics: ExternalKind<Topic> = externalKind<Topic, Topic, ClusterSpec>('Topic', {
  observe: ({ name, resource }) =>
    Promise.resolve({ partitions: name.length + resource.spec.brokers.length }),
  create: ({ partitions }, { idempotencyKey }) => Promise.resolve(void [partitions, idempotencyKey]),
  update: (wanted, remote) => Promise.resolve(void (wanted.partitions - remote.partitions)),
  remove: (remote, { signal }) => Promise.resolve(void [remote.partitions, signal.aborted]),
});

export const topic: DesiredObject = Topics('orders', { partitions: 3 }, { role: 'topic', place: 'kafka' });

// @ts-expect-error what is wanted is a Topic
export const notATopic: DesiredObject = Topics('orders', { partitions: 'three' });

// @ts-expect-error no API server keeps labels of it
export const labelled: DesiredObject = Topics('orders', { partitions: 3 }, { labels: { a: 'b' } });

// @ts-expect-error a kind that cannot remove leaves things behind
export const Immortal: ExternalKind<Topic> = externalKind<Topic>('Immortal', {
  observe: () => Promise.resolve(undefined),
  create: () => Promise.resolve(),
  update: () => Promise.resolve(),
});

export const operator: Operator<ClusterSpec> = defineOperator(
  customResource<ClusterSpec>('kafka.dev/v1', 'Kafka'),
  // Its kinds, and not its objects, are listed.
  { externals: [Topics], desired: () => [topic] },
);
