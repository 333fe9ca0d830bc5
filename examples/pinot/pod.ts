import type { V1Volume } from '@kubernetes/client-node';
import type { DesiredObject, StatefulSetBody } from 'durable-operator';
import type { K8sConfig } from './pinot.ts';

/** What the pods of one node are made of. */
export interface PodParts {
  readonly nodeType: string;
  readonly k8s: K8sConfig;
  readonly arguments: string[];
  readonly javaOptions: string;
  readonly config: DesiredObject;
  readonly configDirectory: string;
  /** The claims that all pods share; empty when each pod brings its own. */
  readonly claims: readonly ClaimVolume[];
}

export interface ClaimVolume {
  readonly volume: string;
  readonly claim: DesiredObject;
}

const CONFIG_VOLUME = 'pinot-config';

export function podTemplate(parts: PodParts): StatefulSetBody['template'] {
  const { claims, config, configDirectory, k8s, nodeType } = parts;
  const storage = (k8s.storageConfig ?? []).map(({ name, mountPath }) => ({ name, mountPath }));
  return {
    ...(k8s.podMetadata ? { metadata: k8s.podMetadata } : {}),
    spec: {
      ...pick(k8s, 'affinity', 'initContainers', 'nodeSelector', 'serviceAccountName', 'tolerations'),
      containers: [
        {
          name: nodeType,
          ...pick(k8s, 'image', 'imagePullPolicy', 'livenessProbe', 'readinessProbe', 'resources'),
          ...(k8s.startUpProbe ? { startupProbe: k8s.startUpProbe } : {}),
          args: parts.arguments,
          ports: k8s.port,
          // Of several variables of one name the last counts.
          env: [...(k8s.env ?? []), { name: 'JAVA_OPTS', value: parts.javaOptions }],
          volumeMounts: [
            ...storage,
            { name: CONFIG_VOLUME, mountPath: configDirectory },
            ...(k8s.volumeMount ?? []),
          ],
        },
        ...(k8s.sidecars ?? []),
      ],
      volumes: [
        { name: CONFIG_VOLUME, configMap: { name: config.name } },
        ...claims.map(({ volume, claim }): V1Volume => ({
          name: volume,
          persistentVolumeClaim: { claimName: claim.name },
        })),
        ...(k8s.volumes ?? []),
      ],
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
