/** The smallest operator with an order, configuration, services and storage; tests say what they need of it. */
import type { Gate, Hook, Operator, Resource, RolloutPolicy, StatefulSetBody } from '../../index.ts';
import {
  configMap,
  customResource,
  defineOperator,
  inOrder,
  invalid,
  persistentVolumeClaim,
  ready,
  service,
  statefulSet,
} from '../../index.ts';

export interface ToySpec {
  readonly order: readonly string[];
  readonly nodes: readonly ToyNode[];
  /** Claims of their own: sizes by name. */
  readonly claims?: Readonly<Record<string, string>>;
  /** Of all claims. */
  readonly storageClassName?: string;
}

export interface ToyNode {
  readonly name: string;
  readonly role: string;
  readonly config: string;
  readonly replicas?: number;
  readonly image?: string;
  readonly storage?: string;
  /** More claims of each pod, mounted: sizes by name. */
  readonly disks?: Readonly<Record<string, string>>;
  /** `false`: its ConfigMap has one plain name, as it had before there were versions. */
  readonly versioned?: boolean;
  /** A Secret of somebody else, of which its pods read the key `password`. */
  readonly secret?: string;
  readonly retainStorage?: boolean;
  /** More of the StatefulSet's spec. */
  readonly more?: Partial<StatefulSetBody>;
  /** Other toys that must be ready first. */
  readonly requires?: readonly { readonly name: string; readonly namespace?: string }[];
}

export interface ToyOptions {
  readonly gate?: Gate;
  readonly before?: Hook;
  readonly after?: Hook;
  readonly hooksOnInstall?: boolean;
  readonly name?: string;
  readonly kind?: string;
  readonly rollout?: RolloutPolicy;
  /** Another build makes other pods of the same spec. */
  readonly build?: string;
  /** Pods of each workload that change first. */
  readonly canary?: number;
}

export function toyOperator(options: ToyOptions = {}): Operator<ToySpec> {
  const { gate, before, after, name, kind = 'Toy', rollout, build, canary } = options;
  return defineOperator(customResource<ToySpec>('toy.dev/v1', kind), {
    ...(name ? { name } : {}),
    ...(rollout ? { rollout } : {}),
    desired({ spec }, named) {
      const nodes = spec.nodes.map((node, index) => {
        if (!spec.order.includes(node.role) && node.role === 'unknown')
          throw invalid(
            `spec.nodes[${index}].role`,
            `"${node.role}" is no role; use one of ${spec.order.join(', ')}`,
          );
        const { versioned = true } = node;
        const data = { 'node.conf': node.config };
        const config = configMap(named(node.name, 'config'), { data }, { versioned });
        const peers = service(named(node.name), { clusterIP: 'None', ports: [{ port: 80 }] });
        const password = node.secret && {
          name: 'PASSWORD',
          valueFrom: { secretKeyRef: { name: node.secret, key: 'password' } },
        };
        const variables = [
          ...(password ? [password] : []),
          ...(build ? [{ name: 'BUILD', value: build }] : []),
        ];
        const disks = Object.entries(node.disks ?? {});
        const claims = [...(node.storage ? [['data', node.storage] as const] : []), ...disks];
        return statefulSet(
          named(node.name),
          {
            replicas: node.replicas ?? 1,
            serviceName: peers.name,
            template: {
              spec: {
                containers: [
                  {
                    name: 'main',
                    image: node.image ?? 'example.org/toy:1',
                    ...(variables.length > 0 ? { env: variables } : {}),
                    ...(disks.length > 0
                      ? { volumeMounts: disks.map(([disk]) => ({ name: disk, mountPath: `/${disk}` })) }
                      : {}),
                  },
                ],
                volumes: [{ name: 'config', configMap: { name: config.name } }],
              },
            },
            ...(claims.length > 0
              ? {
                  volumeClaimTemplates: claims.map(([claim, size]) =>
                    persistentVolumeClaim(claim, claimSpec(size, spec), {
                      ...(node.retainStorage === undefined ? {} : { retain: node.retainStorage }),
                    }),
                  ),
                }
              : {}),
            ...node.more,
          },
          {
            role: node.role,
            uses: [config, peers],
            requires: (node.requires ?? []).map((other) =>
              ready('toy.dev/v1', kind, other.name, other.namespace),
            ),
            ...(gate ? { gate } : {}),
            ...(canary ? { canary } : {}),
            ...(before ? { before } : {}),
            ...(after ? { after } : {}),
            ...(options.hooksOnInstall ? { hooksOnInstall: true } : {}),
          },
        );
      });
      const claims = Object.entries(spec.claims ?? {}).map(([claim, size]) =>
        persistentVolumeClaim(named(claim), claimSpec(size, spec)),
      );
      return [...claims, inOrder(spec.order, nodes)];
    },
  });
}

function claimSpec(
  storage: string,
  { storageClassName }: ToySpec,
): Parameters<typeof persistentVolumeClaim>[1] {
  return {
    accessModes: ['ReadWriteOnce'],
    ...(storageClassName ? { storageClassName } : {}),
    resources: { requests: { storage } },
  };
}

export const TWO_ROLES: ToySpec = {
  order: ['controller', 'broker'],
  nodes: [
    { name: 'c', role: 'controller', config: 'a=1' },
    { name: 'b', role: 'broker', config: 'b=1' },
  ],
};

export function toy(spec: ToySpec, generation = 1): Resource<ToySpec> {
  return {
    apiVersion: 'toy.dev/v1',
    kind: 'Toy',
    metadata: { name: 't1', namespace: 'default', uid: '00000000-0000-0000-0000-000000000001', generation },
    spec,
  };
}
