import type { V1Volume } from '@kubernetes/client-node';
import type { DesiredObject, StatefulSetBody } from 'durable-operator';
import type { K8sConfig, ParseableConfig } from './parseable.ts';

/** Where Parseable listens unless `P_ADDR` says otherwise. */
const PORT = 8000;
/** The user of Parseable's image; claims are made writable for its group. */
const USER = 1000;

/** The pods of a node; `shared` are volumes that all of them mount. */
export function podTemplate(
  k8s: K8sConfig,
  own: ParseableConfig,
  config: DesiredObject,
  shared: readonly V1Volume[] = [],
): StatefulSetBody['template'] {
  const { podMetadata, startUpProbe, storageConfig = [], volumeMount = [] } = k8s;
  return {
    ...(podMetadata ? { metadata: podMetadata } : {}),
    spec: {
      ...pick(k8s, 'affinity', 'initContainers', 'nodeSelector', 'serviceAccountName', 'tolerations'),
      securityContext: {
        runAsUser: USER,
        runAsGroup: USER,
        fsGroup: USER,
        fsGroupChangePolicy: 'Always',
      },
      containers: [
        {
          name: 'parseable',
          ...pick(k8s, 'env', 'image', 'imagePullPolicy', 'livenessProbe', 'readinessProbe', 'resources'),
          ...(startUpProbe ? { startupProbe: startUpProbe } : {}),
          args: ['parseable', ...own.cliArgs],
          envFrom: [{ configMapRef: { name: config.name } }],
          ports: [{ containerPort: PORT }],
          securityContext: { allowPrivilegeEscalation: false },
          volumeMounts: [
            ...storageConfig.map(({ name, mountPath }) => ({ name, mountPath })),
            ...volumeMount,
          ],
        },
        ...(k8s.sidecars ?? []),
      ],
      volumes: [...shared, ...(k8s.volumes ?? [])],
    },
  };
}

/** The named fields of `from` that are set. */
function pick<From extends object, Key extends keyof From>(
  from: From,
  ...keys: readonly Key[]
): Pick<From, Key> {
  const set = keys.filter((key) => from[key] !== undefined && from[key] !== null);
  return Object.fromEntries(set.map((key) => [key, from[key]])) as Pick<From, Key>;
}
