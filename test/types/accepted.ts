/** What authors write and must be able to write: the types refuse mistakes, and nothing else. Compiled, never run. */
import {
  configMap,
  customResource,
  defineOperator,
  deployment,
  inOrder,
  service,
  statefulSet,
} from 'durable-operator';
import type { Context, Operator, ResourceDefinition } from 'durable-operator';

interface ClusterSpec {
  readonly image: string;
  readonly nodes: readonly { readonly name: string; readonly exposed?: boolean }[];
}

const Cluster: ResourceDefinition<ClusterSpec> = customResource<ClusterSpec>('example.dev/v1', 'Cluster');

/** A gate typed by the spec of its operator, on an object that knows no spec. */
async function acceptsTraffic({ resource, signal }: Context<ClusterSpec>): Promise<true | string> {
  return signal.aborted ? `${resource.spec.image} was not asked` : true;
}

export const operator: Operator<ClusterSpec> = defineOperator(Cluster, {
  desired({ spec }, named) {
    const config = configMap(named('config'), { data: { image: spec.image } });
    const nodes = spec.nodes.map(({ name, exposed }) => {
      const door = exposed && service(named(name), { ports: [{ port: 80 }] });
      return statefulSet(
        named(name),
        { replicas: 1, template: { spec: { containers: [{ name, image: spec.image }] } } },
        { role: name, uses: [config, door, null], gate: acceptsTraffic },
      );
    });
    const only = nodes.length === 0 && deployment(named(), { template: { spec: { containers: [] } } });
    return [
      config,
      only,
      undefined,
      null,
      [nodes.length > 9 && config],
      inOrder(['broker'], [...nodes, only]),
    ];
  },
  onDelete: ({ resource, log }) => log.info('bye', { image: resource.spec.image }),
});

const PODS = { template: { spec: { containers: [{ name: 'a', image: 'a' }] } } };

/** Roles that the compiler does not know may stand in any order, and optional ones in none. */
export const orders: readonly object[] = [
  inOrder(['replica', 'primary'], [statefulSet('a', PODS, { role: 'replica' }), false]),
  inOrder(
    ['replica', 'primary', 'arbiter'],
    [statefulSet('a', PODS, { role: 'replica' }), deployment('b', PODS)],
  ),
  inOrder(['replica', '*'], [statefulSet('a', PODS, { role: 'primary' })]),
  inOrder(['replica', '*'] as string[], [statefulSet('a', PODS, { role: 'primary' })]),
  inOrder([], []),
];
