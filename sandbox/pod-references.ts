import type { ClusterApi } from './cluster-api.ts';
import type { Container, KeyReference, NameReference, Pod, Volume } from './pod.ts';

/** A ConfigMap or Secret without which the pod does not start. */
export interface Reference {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
  readonly key?: string;
  /** A missing volume keeps the container from being created; a missing variable is an error of its configuration. */
  readonly use: 'volume' | 'variable';
}

/** Why the pod cannot start yet, in a kubelet's words. */
export interface Missing {
  readonly reason: 'ContainerCreating' | 'CreateContainerConfigError';
  readonly message: string;
}

export function referencesOf({ spec }: Pod): Reference[] {
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  return [...(spec.volumes ?? []).flatMap(mounted), ...containers.flatMap(variables)];
}

/** The first reference that leads nowhere. */
export async function findMissing(
  api: ClusterApi,
  pod: Pod,
  signal: AbortSignal,
): Promise<Missing | undefined> {
  for (const reference of referencesOf(pod)) {
    const { kind, name, key, use } = reference;
    const plural = kind === 'ConfigMap' ? 'configmaps' : 'secrets';
    const path = `/api/v1/namespaces/${pod.metadata.namespace}/${plural}/${name}`;
    const { code, body } = await api.expect({ method: 'GET', path, signal }, 404);
    if (code === 404) return missing(use, `${plural.slice(0, -1)} "${name}" not found`);
    if (key !== undefined && !hasKey(body, key)) {
      return missing(use, `couldn't find key ${key} in ${kind} ${pod.metadata.namespace}/${name}`);
    }
  }
  return undefined;
}

function missing(use: Reference['use'], message: string): Missing {
  return { reason: use === 'volume' ? 'ContainerCreating' : 'CreateContainerConfigError', message };
}

function mounted(volume: Volume): Reference[] {
  const secret = volume.secret && {
    name: volume.secret.secretName,
    ...(volume.secret.optional === undefined ? {} : { optional: volume.secret.optional }),
  };
  // The service account's volume is admission's doing and is filled by this same control plane.
  const sources = volume.name.startsWith('kube-api-access-') ? [] : (volume.projected?.sources ?? []);
  return [
    ...needed('ConfigMap', volume.configMap, 'volume'),
    ...needed('Secret', secret, 'volume'),
    ...sources.flatMap((source) => [
      ...needed('ConfigMap', source.configMap, 'volume'),
      ...needed('Secret', source.secret, 'volume'),
    ]),
  ];
}

function variables(container: Container): Reference[] {
  const single = (container.env ?? []).flatMap(({ valueFrom }) => [
    ...needed('ConfigMap', valueFrom?.configMapKeyRef, 'variable'),
    ...needed('Secret', valueFrom?.secretKeyRef, 'variable'),
  ]);
  const whole = (container.envFrom ?? []).flatMap((source) => [
    ...needed('ConfigMap', source.configMapRef, 'variable'),
    ...needed('Secret', source.secretRef, 'variable'),
  ]);
  return [...single, ...whole];
}

function needed(
  kind: Reference['kind'],
  to: NameReference | KeyReference | undefined,
  use: Reference['use'],
): Reference[] {
  if (to === undefined || to.optional === true) return [];
  return [{ kind, name: to.name, use, ...('key' in to ? { key: to.key } : {}) }];
}

function hasKey(body: unknown, key: string): boolean {
  if (typeof body !== 'object' || body === null) return false;
  const parts = ['data' in body ? body.data : undefined, 'binaryData' in body ? body.binaryData : undefined];
  return parts.some((part) => typeof part === 'object' && part !== null && key in part);
}
