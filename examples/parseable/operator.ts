/**
 * Parseable on Kubernetes: each node of the resource is a ConfigMap with its environment, a Service, a workload and its
 * storage, and the node types are upgraded in `spec.deploymentOrder`.
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
import type { DesiredObject, Named, Operator } from 'durable-operator';
import { environment } from './environment.ts';
import { ParseableTenant } from './parseable.ts';
import type { K8sConfig, ParseableConfig, ParseableNode, ParseableSpec } from './parseable.ts';
import { podTemplate } from './pod.ts';
import { causesAgainst, WORKLOAD_KINDS } from './refusals.ts';

const operator: Operator<ParseableSpec> = defineOperator(ParseableTenant, {
  desired({ metadata, spec }, named) {
    const causes = causesAgainst(spec);
    if (causes.length > 0) throw new InvalidResource(causes);
    const workloads = spec.nodes.map((node) => {
      const k8s = entryNamed(node.k8sConfig, spec.k8sConfig);
      const own = entryNamed(node.parseableConfig, spec.parseableConfig);
      const config = configMap(named(node.name, 'config'), { data: environment(spec, own) });
      const door = doorOf(metadata.name, node, k8s, named);
      return workload({ node, k8s, own, config, door, named });
    });
    return [inOrder(spec.deploymentOrder, workloads)];
  },
});

export default operator;

/** With the labels by which the monitors of today's users find it. */
function doorOf(tenant: string, node: ParseableNode, k8s: K8sConfig, named: Named): DesiredObject | false {
  if (!k8s.service) return false;
  // The runtime selects the pods of exactly this node, whatever the k8sConfig says.
  const { selector: _, ...spec } = k8s.service;
  const labels = { app: 'parseable', custom_resource: tenant, nodeType: node.type };
  return service(named(node.name), spec, { labels });
}

/** A node with the two configurations it names, and what its pods use. */
interface Member {
  readonly node: ParseableNode;
  readonly k8s: K8sConfig;
  readonly own: ParseableConfig;
  readonly config: DesiredObject;
  readonly door: DesiredObject | false;
  readonly named: Named;
}

/** Each pod of a StatefulSet brings its own claims; all pods of a Deployment share the claims of their node. */
function workload({ node, k8s, own, config, door, named }: Member): DesiredObject {
  const { name, replicas, type: role } = node;
  const storage = k8s.storageConfig ?? [];
  if (WORKLOAD_KINDS.get(node.kind) === 'Deployment') {
    const claims = storage.map((each) => persistentVolumeClaim(named(name, each.name), each.spec));
    const volumes = claims.map(({ name: claimName }, index) => ({
      name: storage[index]?.name ?? '',
      persistentVolumeClaim: { claimName },
    }));
    // A new pod on another machine would wait for ever for a volume that the old pod still holds.
    const strategy = claims.length > 0 ? { strategy: { type: 'Recreate' } } : {};
    const template = podTemplate(k8s, own, config, volumes);
    return deployment(
      named(name),
      { replicas, ...strategy, template },
      { role, uses: [config, door, ...claims] },
    );
  }
  const claims = storage.map((each) => persistentVolumeClaim(each.name, each.spec));
  return statefulSet(
    named(name),
    {
      replicas,
      ...(door ? { serviceName: door.name } : {}),
      // Pods still change one by one; but one that never becomes ready does not keep its own repair from starting.
      podManagementPolicy: 'Parallel',
      template: podTemplate(k8s, own, config),
      ...(claims.length > 0 ? { volumeClaimTemplates: claims } : {}),
    },
    { role, uses: [config, door] },
  );
}

function entryNamed<Entry extends { readonly name: string }>(name: string, entries: readonly Entry[]): Entry {
  const entry = entries.find((candidate) => candidate.name === name);
  if (!entry) throw new Error(`no entry is named "${name}", though the spec was checked`);
  return entry;
}
