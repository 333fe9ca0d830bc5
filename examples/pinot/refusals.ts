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
    ...deploymentOrder.flatMap((role, index) =>
      role.trim()
        ? []
        : [cause(`spec.deploymentOrder[${index}]`, 'is empty; write a node type, or remove it')],
    ),
    ...repeated('spec.deploymentOrder', deploymentOrder, ''),
    ...repeated('spec.k8sConfig', namesIn(k8sConfig)),
    ...repeated('spec.pinotNodeConfig', namesIn(pinotNodeConfig)),
    ...repeated('spec.nodes', namesIn(nodes)),
    ...k8sConfig.flatMap(({ storageConfig = [] }, index) =>
      repeated(`spec.k8sConfig[${index}].storageConfig`, namesIn(storageConfig)),
    ),
    ...nodes.flatMap((node, index) => causesAgainstNode(node, `spec.nodes[${index}]`, spec)),
  ];
}

/** RFC 1123, which Kubernetes asks of the names of Services. */
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

function causesAgainstNode(node: PinotNode, field: string, spec: PinotSpec): readonly InvalidCause[] {
  const { name, nodeType, replicas } = node;
  return [
    ...(DNS_LABEL.test(name)
      ? []
      : [
          cause(
            `${field}.name`,
            `"${name}" cannot name objects; use a-z, 0-9 and -, beginning and ending with one of the first two`,
          ),
        ]),
    ...(workloadKind(node)
      ? []
      : [cause(`${field}.kind`, `"${node.kind}" is not supported; use StatefulSet or Deployment`)]),
    ...(replicas >= 0 ? [] : [cause(`${field}.replicas`, `is ${replicas}; use 0 or more`)]),
    ...unknown(`${field}.nodeType`, 'node type', nodeType, NODE_TYPES),
    ...unknown(`${field}.k8sConfig`, 'k8sConfig', node.k8sConfig, namesIn(spec.k8sConfig)),
    ...unknown(
      `${field}.pinotNodeConfig`,
      'pinotNodeConfig',
      node.pinotNodeConfig,
      namesIn(spec.pinotNodeConfig),
    ),
  ];
}

function unknown(
  field: string,
  what: string,
  name: string,
  known: readonly string[],
): readonly InvalidCause[] {
  if (known.includes(name)) return [];
  const choice = known.length > 0 ? `use one of ${[...new Set(known)].join(', ')}` : 'there are none yet';
  return [cause(field, `no ${what} is named "${name}"; ${choice}`)];
}

function repeated(list: string, names: readonly string[], property = '.name'): readonly InvalidCause[] {
  return names.flatMap((name, index) => {
    const first = names.indexOf(name);
    if (first === index || !name.trim()) return [];
    return [
      cause(`${list}[${index}]${property}`, `"${name}" is already used by ${list}[${first}]${property}`),
    ];
  });
}

function namesIn(entries: readonly { readonly name: string }[]): readonly string[] {
  return entries.map(({ name }) => name);
}

function cause(field: string, message: string): InvalidCause {
  return { field, message };
}
