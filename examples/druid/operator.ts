/** Apache Druid with no ZooKeeper: its nodes find each other by the API server, and are updated service by service. */
import {
  check,
  configMap,
  defineOperator,
  deployment,
  inOrder,
  InvalidResource,
  persistentVolumeClaim,
  podDisruptionBudget,
  role,
  roleBinding,
  service,
  serviceAccount,
  statefulSet,
} from 'durable-operator';
import type { DesiredObject, InvalidCause, Named, Operator } from 'durable-operator';
import { Druid, SERVICES } from './druid.ts';
import type { DruidNode, DruidSpec } from './druid.ts';
import { segmentsLoaded } from './segments-loaded.ts';

const operator: Operator<DruidSpec> = defineOperator(Druid, {
  desired({ spec }, named) {
    const causes = causesAgainst(spec);
    if (causes.length > 0) throw new InvalidResource(causes);
    const shared = [...access(named), configMap(named('common'), { data: variables(spec, named) })];
    const order = Object.keys(SERVICES).filter((kind) => spec.nodes.some((node) => node.service === kind));
    return [
      inOrder(
        order,
        spec.nodes.map((node) => workload(node, spec, shared, named)),
      ),
    ];
  },
});

export default operator;

/** What the schema cannot see; all of it at once. */
function causesAgainst({ nodes, properties, secrets = [] }: DruidSpec): readonly InvalidCause[] {
  const isAlone = nodes.every(({ service: kind }) => kind !== 'coordinator');
  return [
    ...check.objectNames('spec.nodes', nodes),
    ...check.names('spec.secrets', secrets),
    ...(isAlone ? [{ field: 'spec.nodes', message: 'has no coordinator; add a node of that service' }] : []),
    ...causesAgainstProperties('spec.properties', properties),
    ...nodes.flatMap((node, index) =>
      causesAgainstProperties(`spec.nodes[${index}].properties`, node.properties),
    ),
  ];
}

function causesAgainstProperties(
  field: string,
  properties: DruidSpec['properties'],
): readonly InvalidCause[] {
  const message = 'cannot be told to the image; a name begins with "druid." and has no underscore';
  return Object.keys(properties ?? {})
    .filter((name) => !/^druid\.[^_]+$/.test(name))
    .map((name) => ({ field, message: `"${name}" ${message}` }));
}

/** Druid's pods find each other by labels that they give themselves, and elect leaders in ConfigMaps. */
function access(named: Named): readonly DesiredObject[] {
  const account = serviceAccount(named());
  const rights = role(named(), {
    rules: [{ apiGroups: [''], resources: ['pods', 'configmaps'], verbs: ['*'] }],
  });
  const binding = roleBinding(
    named(),
    {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: rights.kind, name: rights.name },
      subjects: [{ kind: account.kind, name: account.name }],
    },
    { uses: [account, rights] },
  );
  return [account, rights, binding];
}

/** Druid's image reads `druid_a_b` as the property `druid.a.b`. */
function asVariables(properties: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name.replaceAll('.', '_'), value]),
  );
}

function variables({ properties }: DruidSpec, named: Named): Readonly<Record<string, string>> {
  return asVariables({
    'druid.extensions.loadList': '["druid-kubernetes-extensions"]',
    ...properties,
    'druid.zk.service.enabled': 'false',
    'druid.serverview.type': 'http',
    'druid.indexer.runner.type': 'httpRemote',
    'druid.discovery.type': 'k8s',
    'druid.discovery.k8s.clusterIdentifier': named(),
  });
}

function workload(
  node: DruidNode,
  spec: DruidSpec,
  shared: readonly DesiredObject[],
  named: Named,
): DesiredObject {
  const { name, replicas, storage } = node;
  const port = SERVICES[node.service];
  const own = configMap(named(name, 'config'), {
    data: { ...asVariables(node.properties), JAVA_OPTS: node.javaOptions ?? '' },
  });
  const peers = service(named(name), { ports: [{ name: 'http', port }] });
  const budget = replicas > 1 && podDisruptionBudget(named(name), { maxUnavailable: 1 });
  const options = {
    role: node.service,
    uses: [...shared, own, peers, budget],
    ...(node.service === 'historical' ? { gate: segmentsLoaded } : {}),
  };
  const configs = [...shared.filter(({ kind }) => kind === 'ConfigMap'), own];
  const template = { spec: pod(node, spec, named(), configs) };
  if (!storage) return deployment(named(name), { replicas, template }, options);
  const data = persistentVolumeClaim('data', {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage } },
  });
  return statefulSet(
    named(name),
    { replicas, serviceName: peers.name, template, volumeClaimTemplates: [data] },
    options,
  );
}

type PodSpec = Parameters<typeof deployment>[1]['template']['spec'];

function pod(
  { resources, service: kind, storage }: DruidNode,
  { image, secrets = [] }: DruidSpec,
  serviceAccountName: string,
  configs: readonly DesiredObject[],
): PodSpec {
  const port = SERVICES[kind];
  return {
    serviceAccountName,
    containers: [
      {
        name: 'druid',
        image,
        args: [kind],
        ...(resources ? { resources } : {}),
        ports: [{ name: 'http', containerPort: port }],
        envFrom: [
          ...configs.map(({ name }) => ({ configMapRef: { name } })),
          ...secrets.map((name) => ({ secretRef: { name } })),
        ],
        env: [
          { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
        ],
        readinessProbe: { httpGet: { path: '/status/health', port } },
        ...(storage ? { volumeMounts: [{ name: 'data', mountPath: '/opt/druid/var' }] } : {}),
      },
    ],
  };
}
