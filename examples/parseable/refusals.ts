import { check } from 'durable-operator';
import type { InvalidCause } from 'durable-operator';
import { causesAgainstObjectStore } from './environment.ts';
import type { ParseableNode, ParseableSpec } from './parseable.ts';

/** What a node's `kind` asks for; `Statefulset` is how today's users spell it. */
export const WORKLOAD_KINDS: ReadonlyMap<string, 'StatefulSet' | 'Deployment'> = new Map([
  ['StatefulSet', 'StatefulSet'],
  ['Statefulset', 'StatefulSet'],
  ['Deployment', 'Deployment'],
]);

/** Everything that keeps `spec` from being built, all at once, so that its author corrects it in one go. */
export function causesAgainst(spec: ParseableSpec | undefined): readonly InvalidCause[] {
  if (!spec)
    return [
      { field: 'spec', message: 'is missing; a tenant needs nodes, their configurations and an order' },
    ];
  const { deploymentOrder, k8sConfig, nodes, parseableConfig } = spec;
  return [
    ...check.names('spec.deploymentOrder', deploymentOrder),
    ...check.names('spec.k8sConfig', k8sConfig),
    ...check.names('spec.parseableConfig', parseableConfig),
    ...check.objectNames('spec.nodes', nodes),
    ...k8sConfig.flatMap(({ storageConfig = [] }, index) =>
      check.names(`spec.k8sConfig[${index}].storageConfig`, storageConfig),
    ),
    ...causesAgainstObjectStore(spec),
    ...nodes.flatMap((node, index) => causesAgainstNode(node, `spec.nodes[${index}]`, spec)),
  ];
}

function causesAgainstNode(node: ParseableNode, field: string, spec: ParseableSpec): readonly InvalidCause[] {
  return [
    ...check.reference(`${field}.kind`, node.kind, [...WORKLOAD_KINDS.keys()]),
    ...check.reference(`${field}.k8sConfig`, node.k8sConfig, spec.k8sConfig),
    ...check.reference(`${field}.parseableConfig`, node.parseableConfig, spec.parseableConfig),
  ];
}
