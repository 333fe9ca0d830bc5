/** Whether the objects of a kind live in a namespace, as a `CustomResourceDefinition` writes it under `spec.scope`. */
import type { DesiredObject } from '../../api/objects.ts';
import type { KindRef } from '../refs.ts';
import { kindName } from '../refs.ts';
import { isExternalKind } from './categories.ts';

export const SCOPES = { Cluster: 'Cluster', Namespaced: 'Namespaced' } as const;

export type Scope = keyof typeof SCOPES;

/** Undefined where it cannot be known: the kind is not served. */
export type ScopeOf = (kind: KindRef) => Scope | undefined;

/** Cluster-scoped kinds of Kubernetes itself, by group; every other kind of these groups is namespaced. */
const CLUSTER_SCOPED: Readonly<Record<string, readonly string[]>> = {
  '': ['ComponentStatus', 'Namespace', 'Node', 'PersistentVolume'],
  'admissionregistration.k8s.io': [
    'MutatingAdmissionPolicy',
    'MutatingAdmissionPolicyBinding',
    'MutatingWebhookConfiguration',
    'ValidatingAdmissionPolicy',
    'ValidatingAdmissionPolicyBinding',
    'ValidatingWebhookConfiguration',
  ],
  'apiextensions.k8s.io': ['CustomResourceDefinition'],
  'apiregistration.k8s.io': ['APIService'],
  apps: [],
  'authentication.k8s.io': ['SelfSubjectReview', 'TokenReview'],
  'authorization.k8s.io': ['SelfSubjectAccessReview', 'SelfSubjectRulesReview', 'SubjectAccessReview'],
  autoscaling: [],
  batch: [],
  'certificates.k8s.io': ['CertificateSigningRequest', 'ClusterTrustBundle'],
  'coordination.k8s.io': [],
  'discovery.k8s.io': [],
  'events.k8s.io': [],
  'flowcontrol.apiserver.k8s.io': ['FlowSchema', 'PriorityLevelConfiguration'],
  'internal.apiserver.k8s.io': ['StorageVersion'],
  'networking.k8s.io': ['IngressClass', 'IPAddress', 'ServiceCIDR'],
  'node.k8s.io': ['RuntimeClass'],
  policy: [],
  'rbac.authorization.k8s.io': ['ClusterRole', 'ClusterRoleBinding'],
  'resource.k8s.io': ['DeviceClass', 'DeviceTaintRule', 'ResourceSlice'],
  'scheduling.k8s.io': ['PriorityClass'],
  'storage.k8s.io': ['CSIDriver', 'CSINode', 'StorageClass', 'VolumeAttachment', 'VolumeAttributesClass'],
  'storagemigration.k8s.io': ['StorageVersionMigration'],
};

/** The scope of a kind of Kubernetes itself; undefined for every other, which only a cluster or its CRD can tell. */
export function builtInScope({ group, kind }: KindRef): Scope | undefined {
  const known = Object.hasOwn(CLUSTER_SCOPED, group) ? CLUSTER_SCOPED[group] : undefined;
  if (!known) return undefined;
  return known.includes(kind) ? SCOPES.Cluster : SCOPES.Namespaced;
}

/** `scopeOf`, and for kinds that it does not know the CustomResourceDefinitions among `objects`. */
export function withGivenScopes(scopeOf: ScopeOf, objects: readonly DesiredObject[]): ScopeOf {
  const given = new Map(objects.flatMap((object) => definedScope(object)));
  return (kind) => {
    const name = kindName(kind);
    return isExternalKind(name) ? SCOPES.Namespaced : (scopeOf(kind) ?? given.get(name));
  };
}

interface Definition {
  readonly group?: string;
  readonly scope?: string;
  readonly names?: { readonly kind?: string };
}

function definedScope({ apiVersion, kind, body }: DesiredObject): (readonly [string, Scope])[] {
  if (kind !== 'CustomResourceDefinition' || !apiVersion.startsWith('apiextensions.k8s.io/')) return [];
  const { group, scope, names }: Definition = body['spec'] ?? {};
  if (!group || !names?.kind || !scope || !Object.hasOwn(SCOPES, scope)) return [];
  return [[kindName({ group, kind: names.kind }), scope as Scope]];
}
