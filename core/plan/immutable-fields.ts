/**
 * Fields that the API server never changes in place, by kind, and what is done where they are to change. Workloads that look
 * after pods of their own are in `core/storage/shape.ts`: they are recreated around their pods.
 */
import type { Manifest } from '../manifest.ts';
import { readMany, readText } from '../health/read.ts';
import { groupOf, kindName } from '../refs.ts';

export type ImmutableAnswer =
  /** It is deleted and created again: nothing is lost that the operator does not create again. */
  | { readonly kind: 'replace' }
  /** The same, once somebody approves what that costs. */
  | { readonly kind: 'approve'; readonly cost: string }
  /** Its data would go with it: somebody must act. */
  | { readonly kind: 'refuse'; readonly cure: string };

interface ImmutableFields {
  /** As the API server names them in a refusal; what is below them belongs to them. */
  readonly fields: readonly string[];
  readonly answer: ImmutableAnswer;
}

const REPLACE: ImmutableAnswer = { kind: 'replace' };
const approve = (cost: string): ImmutableAnswer => ({ kind: 'approve', cost });
const refuse = (cure: string): ImmutableAnswer => ({ kind: 'refuse', cure });
const CONTENT = approve('what others wrote into it is lost');

export const IMMUTABLE_FIELDS: Readonly<Record<string, ImmutableFields>> = {
  // Its pods are stopped before the new ones start.
  'Job.batch': { fields: ['spec'], answer: REPLACE },
  'RoleBinding.rbac.authorization.k8s.io': { fields: ['roleRef'], answer: REPLACE },
  'ClusterRoleBinding.rbac.authorization.k8s.io': { fields: ['roleRef'], answer: REPLACE },
  // Volumes keep what they were made with, and claims wait for their class.
  'StorageClass.storage.k8s.io': {
    fields: ['provisioner', 'parameters', 'reclaimPolicy', 'volumeBindingMode'],
    answer: REPLACE,
  },
  'VolumeAttributesClass.storage.k8s.io': { fields: ['driverName', 'parameters'], answer: REPLACE },
  'CSIStorageCapacity.storage.k8s.io': { fields: ['storageClassName', 'nodeTopology'], answer: REPLACE },
  ResourceQuota: { fields: ['spec.scopes', 'spec.scopeSelector'], answer: REPLACE },
  Service: {
    fields: [
      'spec.clusterIP',
      'spec.clusterIPs',
      'spec.ipFamilies',
      'spec.ipFamilyPolicy',
      'spec.loadBalancerClass',
    ],
    answer: approve('its address changes'),
  },
  Secret: { fields: ['type', 'data', 'immutable'], answer: CONTENT },
  ConfigMap: { fields: ['data', 'binaryData', 'immutable'], answer: CONTENT },
  'PriorityClass.scheduling.k8s.io': {
    fields: ['value', 'preemptionPolicy'],
    answer: approve('pods that are created in between are refused, or get no priority'),
  },
  'RuntimeClass.node.k8s.io': {
    fields: ['handler'],
    answer: approve('pods that name it and are created in between are refused'),
  },
  'IngressClass.networking.k8s.io': {
    fields: ['spec.controller'],
    answer: approve('its Ingresses have no controller in between'),
  },
  'EndpointSlice.discovery.k8s.io': {
    fields: ['addressType'],
    answer: approve('its endpoints get no traffic in between'),
  },
  'CSIDriver.storage.k8s.io': {
    fields: ['spec'],
    answer: approve('volumes of its driver cannot be attached in between'),
  },
  'ReplicaSet.apps': { fields: ['spec.selector'], answer: approve('its pods are deleted with it') },
  Pod: { fields: ['spec'], answer: approve('the pod is stopped') },
  PersistentVolumeClaim: {
    fields: ['spec'],
    answer: refuse(
      'a claim that is deleted takes its data along: put the field back, or give the new claim another name',
    ),
  },
  PersistentVolume: {
    fields: ['spec'],
    answer: refuse('put the field back, or give the new volume another name'),
  },
  'CustomResourceDefinition.apiextensions.k8s.io': {
    fields: ['spec'],
    answer: refuse(
      'a definition that is deleted takes all of its resources along: put the field back, or delete both by hand',
    ),
  },
};

/** What is done about a refusal that names these fields; undefined when it names others, or the kind has none. */
export function immutableAnswer(
  manifest: Manifest,
  causes: readonly { readonly field: string }[],
): ImmutableAnswer | undefined {
  const known = IMMUTABLE_FIELDS[kindName({ group: groupOf(manifest.apiVersion), kind: manifest.kind })];
  const isOf = (field: string, known: string): boolean =>
    field.startsWith(known) && ['', '.', '['].includes(field.charAt(known.length));
  const areKnown = causes.every(({ field }) => known?.fields.some((each) => isOf(field, each)));
  return causes.length > 0 && areKnown ? known?.answer : undefined;
}

/** A Service that was headless stays so when `clusterIP` is left out, and the server says nothing of it. */
export function staysHeadless(wanted: Manifest, live: Manifest): boolean {
  if (wanted.kind !== 'Service' || readText(wanted, 'spec', 'type') === 'ExternalName') return false;
  return (
    readText(wanted, 'spec', 'clusterIP') !== 'None' &&
    readText(live, 'spec', 'clusterIP') === 'None' &&
    !readMany(wanted, 'spec', 'clusterIPs').includes('None')
  );
}
