/** Mistakes about the custom resource, refused where they are written. Compiled, never run. */
import { customResource, defineOperator, plan } from 'durable-operator';
import type { Operator, Resource, ResourceDefinition } from 'durable-operator';

interface ClusterSpec {
  readonly image: string;
  readonly replicas?: number;
}

const Cluster: ResourceDefinition<ClusterSpec> = customResource<ClusterSpec>('example.dev/v1', 'Cluster');

export const misspelledField: Operator<ClusterSpec> = defineOperator(Cluster, {
  // @ts-expect-error the spec has `image`
  desired: ({ spec }) => (spec.imgae ? [] : []),
});

export const optionalFieldTakenForGranted: Operator<ClusterSpec> = defineOperator(Cluster, {
  desired: ({ spec }) => {
    // @ts-expect-error `replicas` may be absent
    const wanted: number = spec.replicas;
    return wanted > 0 ? [] : [];
  },
});

export const resourceChangedInPlace: Operator<ClusterSpec> = defineOperator(Cluster, {
  desired: (resource) => {
    // @ts-expect-error a resource is read only
    resource.spec = { image: 'other' };
    return [];
  },
});

export const namespaceTakenForGranted: Operator<ClusterSpec> = defineOperator(Cluster, {
  desired: ({ metadata }) => {
    // @ts-expect-error a cluster-scoped resource has no namespace
    const namespace: string = metadata.namespace;
    return namespace ? [] : [];
  },
});

// @ts-expect-error `desired` is missing
export const desiresNothing: Operator<ClusterSpec> = defineOperator(Cluster, { name: 'clusters' });

export const desiresText: Operator<ClusterSpec> = defineOperator(Cluster, {
  // @ts-expect-error an object is made by a constructor
  desired: () => ['configmap/settings'],
});

export const desiresAPromise: Operator<ClusterSpec> = defineOperator(Cluster, {
  // @ts-expect-error `desired` is pure: what it needs stands in the resource
  desired: async () => [],
});

export const unknownPolicy: Operator<ClusterSpec> = defineOperator(Cluster, {
  desired: () => [],
  // @ts-expect-error the policy is `'parallel'` or `'ordered'`
  rollout: { firstInstall: 'sequential' },
});

export const deadlineInMilliseconds: Operator<ClusterSpec> = defineOperator(Cluster, {
  desired: () => [],
  // @ts-expect-error a deadline is text, such as `'30 minutes'`
  rollout: { deadline: 1_800_000 },
});

export const cleanupOfAnotherSpec: Operator<ClusterSpec> = defineOperator(Cluster, {
  desired: () => [],
  // @ts-expect-error the spec has no `bucket`
  onDelete: ({ resource }) => resource.spec.bucket,
});

export const unknownScope: ResourceDefinition = customResource('example.dev/v1', 'Cluster', {
  // @ts-expect-error the scope is `'Namespaced'` or `'Cluster'`
  scope: 'Global',
});

export function plansAnotherKind(operator: Operator<ClusterSpec>, other: Resource<{ size: number }>): void {
  // @ts-expect-error the resource must be of the operator's kind
  plan(operator, other);
}
