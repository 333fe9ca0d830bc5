import type { PinotNode, PinotNodeConfig, PinotSpec } from './pinot.ts';

/** The command that starts each type of node. */
const STARTS = {
  controller: 'StartController',
  broker: 'StartBroker',
  server: 'StartServer',
  minion: 'StartMinion',
} as const;

export const NODE_TYPES: readonly string[] = Object.keys(STARTS);

/** Empty when the resource does not say it; such a resource is refused. */
export function zkAddressOf({ external }: PinotSpec): string {
  return external?.zookeeper.spec.zkAddress ?? '';
}

/** Where and under which name a node of `nodeType` finds its configuration. */
export function configurationFile(nodeType: string): { readonly directory: string; readonly name: string } {
  return { directory: `/var/pinot/${nodeType}/config`, name: `pinot-${nodeType}.conf` };
}

/**
 * The properties file of a node: its own lines, those only the operator knows, those of the deep storage. Of several deep
 * storages of one node type the last counts, as today's users know it.
 */
export function configuration(
  cluster: string,
  spec: PinotSpec,
  node: PinotNode,
  own: PinotNodeConfig,
): string {
  const helix =
    node.nodeType === 'controller'
      ? [`controller.helix.cluster.name=${cluster}`, `controller.zk.str=${zkAddressOf(spec)}`]
      : [];
  const deep = (spec.external?.deepStorage?.spec ?? []).findLast(
    ({ nodeType }) => nodeType === node.nodeType,
  );
  return `${[own.data, ...helix, ...(deep?.data ? [deep.data] : [])].map((lines) => lines.replace(/\n+$/, '')).join('\n')}\n`;
}

/** A controller reads its cluster and ZooKeeper from the file; the others are told. */
export function startArguments(cluster: string, spec: PinotSpec, { nodeType }: PinotNode): string[] {
  const start = Object.entries(STARTS).find(([type]) => type === nodeType)?.[1];
  if (!start) throw new TypeError(`no command starts a Pinot "${nodeType}"`);
  const { directory, name } = configurationFile(nodeType);
  const file = ['-configFileName', `${directory}/${name}`];
  if (nodeType === 'controller') return [start, ...file];
  return [start, '-clusterName', cluster, '-zkAddress', zkAddressOf(spec), ...file];
}

export function javaOptions({ plugins = [] }: PinotSpec, { java_opts }: PinotNodeConfig): string {
  return plugins.length === 0 ? java_opts : `${java_opts} -Dplugins.include=${plugins.join(';')}`;
}
