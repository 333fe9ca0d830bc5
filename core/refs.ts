/**
 * How this project names things in Kubernetes: a kind, an object of a kind, and the short key under which an
 * object stands in the inventory, in signals, in Temporal UI and in messages.
 */

import { shortHash } from './hash.ts';

/** A kind of object, without its version: the API server serves one object under every version it knows. */
export interface KindRef {
  /** API group; the empty string is the core group. */
  readonly group: string;
  /** For example `StatefulSet`. */
  readonly kind: string;
}

/** One object of the cluster. */
export interface ObjectRef extends KindRef {
  /** Absent for a cluster-scoped object. */
  readonly namespace?: string;
  readonly name: string;
}

/** The custom resource that one `reconcile` workflow looks after. */
export interface ResourceRef {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespace?: string;
  readonly name: string;
}

/**
 * The key of an object in the inventory of one resource: `StatefulSet.apps/pinot-broker`, `ClusterRole.rbac.authorization.k8s.io/reader`.
 * The namespace is written only where it is not the resource's own: `Role.rbac.authorization.k8s.io/other/reader`. Nothing of
 * the scope of its kind is in a key, so that a key that was planned before the kind was served is the key of the live object.
 */
export type ObjectKey = string;

/** The kind as kubectl accepts it: `StatefulSet.apps`, `ConfigMap`. */
export function kindName(ref: KindRef): string {
  return ref.group === '' ? ref.kind : `${ref.kind}.${ref.group}`;
}

/** The inverse of {@link kindName}. */
export function parseKindName(name: string): KindRef {
  const dot = name.indexOf('.');
  return dot < 0 ? { group: '', kind: name } : { group: name.slice(dot + 1), kind: name.slice(0, dot) };
}

/** The groups of Kubernetes itself have no dot, or end as those whose kinds it approves. */
export function isKubernetesGroup(group: string): boolean {
  return !group.includes('.') || group.endsWith('.k8s.io');
}

/** The key of `ref` in the inventory of a resource that lives in `home` (undefined: cluster-scoped). */
export function objectKey(ref: ObjectRef, home: string | undefined): ObjectKey {
  const place = ref.namespace === undefined || ref.namespace === home ? '' : `${ref.namespace}/`;
  return `${kindName(ref)}/${place}${ref.name}`;
}

/** The inverse of {@link objectKey}. A cluster-scoped object is given the namespace `home`, which no request for it names. */
export function parseObjectKey(key: ObjectKey, home: string | undefined): ObjectRef {
  const [kind = '', ...rest] = key.split('/');
  const name = rest.at(-1) ?? '';
  const namespace = rest.length > 1 ? rest[0] : home;
  return { ...parseKindName(kind), ...(namespace ? { namespace } : {}), name };
}

/** The group of an `apiVersion`: `apps/v1` → `apps`, `v1` → the empty string. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** The `apiVersion` of a group and a version: the inverse of {@link groupOf} and {@link versionOf}. */
export function apiVersionOf({
  group,
  version,
}: {
  readonly group: string;
  readonly version: string;
}): string {
  return group === '' ? version : `${group}/${version}`;
}

/** The resource as people say it: `Pinot default/p1`. */
export function titleOfResource({ kind, namespace, name }: ResourceRef): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** The version of an `apiVersion`: `apps/v1` → `v1`. */
export function versionOf(apiVersion: string): string {
  return apiVersion.slice(apiVersion.indexOf('/') + 1);
}

/** Of a workflow id, in Temporal. */
const LONGEST_ID = 255;

/**
 * What kubectl prints for the resource, and the id of its workflow: `pinots.datainfra.io/<namespace>/<name>`. One that
 * Temporal would refuse keeps its head and ends in a hash of the whole.
 */
export function workflowIdOf(resource: Omit<ResourceRef, 'version' | 'kind'>): string {
  const place = resource.namespace === undefined ? '' : `${resource.namespace}/`;
  const id = `${resource.plural}.${resource.group}/${place}${resource.name}`;
  return id.length <= LONGEST_ID ? id : `${id.slice(0, LONGEST_ID - 16)}.${shortHash(id)}`;
}

/** Undefined when the resource is in none. */
export function namespaceOfWorkflow(workflowId: string): string | undefined {
  const [, namespace, name] = workflowId.split('/');
  return name === undefined ? undefined : namespace;
}
