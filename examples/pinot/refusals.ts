import { check } from 'durable-operator';
import type { InvalidCause } from 'durable-operator';
import type { PinotNode, PinotSpec } from './pinot.ts';
import { NODE_TYPES, zkAddressOf } from './process.ts';

/** The workload that a node's `kind` asks for; undefined when it asks for none we know. */
export function workloadKind({ kind }: PinotNode): 'StatefulSet' | 'Deployment' | undefined {
  switch (kind) {
    case 'StatefulSet':
    case 'Statefulset':
      return 'StatefulSet';
    case 'Deployment':
      return kind;
    default:
      return undefined;
  }
}

/** Everything that keeps `spec` from being built, all at once, so that its author corrects it in one go. */
export function causesAgainst(spec: PinotSpec | undefined): readonly InvalidCause[] {
  if (!spec) return [cause('spec', 'is missing; a cluster needs nodes, their configurations and an order')];
  const { deploymentOrder, k8sConfig, nodes, pinotNodeConfig } = spec;
  return [
    ...(zkAddressOf(spec)
      ? []
      : [cause('spec.external.zookeeper.spec.zkAddress', 'is missing; write host:port of ZooKeeper')]),
    ...check.names('spec.deploymentOrder', deploymentOrder),
    ...check.names('spec.k8sConfig', k8sConfig),
    ...check.names('spec.pinotNodeConfig', pinotNodeConfig),
    ...check.objectNames('spec.nodes', nodes),
    ...k8sConfig.flatMap(({ storageConfig = [] }, index) =>
      check.names(`spec.k8sConfig[${index}].storageConfig`, storageConfig),
    ),
    ...nodes.flatMap((node, index) => causesAgainstNode(node, `spec.nodes[${index}]`, spec)),
  ];
}

function causesAgainstNode(node: PinotNode, field: string, spec: PinotSpec): readonly InvalidCause[] {
  const { nodeType, replicas } = node;
  return [
    ...(workloadKind(node)
      ? []
      : [cause(`${field}.kind`, `"${node.kind}" is not supported; use StatefulSet or Deployment`)]),
    ...(replicas >= 0 ? [] : [cause(`${field}.replicas`, `is ${replicas}; use 0 or more`)]),
    ...check.reference(`${field}.nodeType`, nodeType, NODE_TYPES),
    ...check.reference(`${field}.k8sConfig`, node.k8sConfig, spec.k8sConfig),
    ...check.reference(`${field}.pinotNodeConfig`, node.pinotNodeConfig, spec.pinotNodeConfig),
  ];
}

function cause(field: string, message: string): InvalidCause {
  return { field, message };
}
