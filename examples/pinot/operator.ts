/**
 * Apache Pinot on Kubernetes: each node of the resource is a ConfigMap, a Service, a workload and its storage, and the
 * node types are upgraded in `spec.deploymentOrder`.
 */
import {
  configMap,
  defineOperator,
  deployment,
  inOrder,
  InvalidResource,
  persistentVolumeClaim,
  service,
  statefulSet,
} from 'durable-operator';
import type { DesiredObject, Named, Operator, StatefulSetBody } from 'durable-operator';
import { Pinot } from './pinot.ts';
import type { K8sConfig, PinotNode, PinotNodeConfig, PinotSpec } from './pinot.ts';
import type { ClaimVolume } from './pod.ts';
import { podTemplate } from './pod.ts';
import { configuration, configurationFile, javaOptions, startArguments } from './process.ts';
import { causesAgainst, workloadKind } from './refusals.ts';

/** A node with the two configurations it names, in its cluster. */
interface Member {
  readonly cluster: string;
  readonly spec: PinotSpec;
  readonly node: PinotNode;
  readonly k8s: K8sConfig;
  readonly own: PinotNodeConfig;
  readonly named: Named;
}

const operator: Operator<PinotSpec> = defineOperator(Pinot, {
  desired({ metadata, spec }, named) {
    const causes = causesAgainst(spec);
    if (causes.length > 0) throw new InvalidResource(causes);
    const workloads = spec.nodes.map((node) =>
      workload({
        cluster: metadata.name,
        spec,
        node,
        k8s: entryNamed(node.k8sConfig, spec.k8sConfig),
        own: entryNamed(node.pinotNodeConfig, spec.pinotNodeConfig),
        named,
      }),
    );
    return [inOrder(spec.deploymentOrder, workloads)];
  },
});

export default operator;

function workload(member: Member): DesiredObject {
  const { k8s, named, node } = member;
  // The runtime selects the pods of exactly this node, whatever the k8sConfig says.
  const { selector: _, ...serviceSpec } = k8s.service;
  const peers = service(named(node.name), serviceSpec, { labels: legacyLabels(member) });
  return workloadKind(node) === 'Deployment' ? sharing(member, peers) : stateful(member, peers);
}

/** By these, the controllers of schemas, tables and tenants find a cluster's Pinot controller. */
function legacyLabels({ cluster, node }: Member): Readonly<Record<string, string>> {
  return { custom_resource: cluster, nodeType: node.nodeType };
}

/** Each pod brings its own claims. */
function stateful(member: Member, peers: DesiredObject): DesiredObject {
  const { k8s, named, node } = member;
  const config = properties(member);
  const claims = (k8s.storageConfig ?? []).map(({ name, spec }) => persistentVolumeClaim(name, spec));
  return statefulSet(
    named(node.name),
    {
      replicas: node.replicas,
      serviceName: peers.name,
      // Pods still change one by one; but one that never becomes ready does not keep its own repair from starting.
      podManagementPolicy: 'Parallel',
      template: template(member, config),
      ...(claims.length > 0 ? { volumeClaimTemplates: claims } : {}),
    },
    { role: node.nodeType, uses: [config, peers] },
  );
}

/** All pods share the claims of the node. */
function sharing(member: Member, peers: DesiredObject): DesiredObject {
  const { k8s, named, node } = member;
  const config = properties(member);
  const claims = (k8s.storageConfig ?? []).map(({ name, spec }) => ({
    volume: name,
    claim: persistentVolumeClaim(named(node.name, name), spec),
  }));
  return deployment(
    named(node.name),
    {
      replicas: node.replicas,
      // A new pod on another machine would wait for ever for a volume that the old pod still holds.
      ...(claims.length > 0 ? { strategy: { type: 'Recreate' } } : {}),
      template: template(member, config, claims),
    },
    { role: node.nodeType, uses: [config, peers, ...claims.map(({ claim }) => claim)] },
  );
}

/** A ConfigMap for each node: two nodes of one pinotNodeConfig may differ in type, and change on their own. */
function properties(member: Member): DesiredObject {
  const { cluster, named, node, own, spec } = member;
  const file = configurationFile(node.nodeType);
  return configMap(named(node.name, 'config'), {
    data: { [file.name]: configuration(cluster, spec, node, own) },
  });
}

function template(
  { cluster, k8s, node, own, spec }: Member,
  config: DesiredObject,
  claims: readonly ClaimVolume[] = [],
): StatefulSetBody['template'] {
  return podTemplate({
    nodeType: node.nodeType,
    k8s,
    arguments: startArguments(cluster, spec, node),
    javaOptions: javaOptions(spec, own),
    config,
    configDirectory: configurationFile(node.nodeType).directory,
    claims,
  });
}

function entryNamed<Entry extends { readonly name: string }>(name: string, entries: readonly Entry[]): Entry {
  const entry = entries.find((candidate) => candidate.name === name);
  if (!entry) throw new Error(`no entry is named "${name}", though the spec was checked`);
  return entry;
}
