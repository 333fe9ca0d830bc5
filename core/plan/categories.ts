import { own } from '../own.ts';
import { EXTERNAL_GROUP } from '../../api/external-group.ts';
import type { Manifest } from '../manifest.ts';
import type { ObjectKey } from '../refs.ts';
import { groupOf, kindName, parseKindName } from '../refs.ts';

/** The groups in which objects are applied, after the seed's builders; each is one activity. */
export const CATEGORIES = {
  ConfigMaps: 'ConfigMaps',
  Storage: 'Storage',
  Services: 'Services',
  NetworkPolicies: 'NetworkPolicies',
  Objects: 'Objects',
  Workloads: 'Workloads',
  /** Behind an API of their own; no API server knows them. */
  Externals: 'Externals',
} as const;

export type Category = keyof typeof CATEGORIES;

const CATEGORY_OF_KIND: Readonly<Record<string, Category>> = {
  ConfigMap: 'ConfigMaps',
  Secret: 'ConfigMaps',
  PersistentVolumeClaim: 'Storage',
  Service: 'Services',
  'Ingress.networking.k8s.io': 'Services',
  'NetworkPolicy.networking.k8s.io': 'NetworkPolicies',
  'Deployment.apps': 'Workloads',
  'StatefulSet.apps': 'Workloads',
  'DaemonSet.apps': 'Workloads',
  'Job.batch': 'Workloads',
  'CronJob.batch': 'Workloads',
};

/** The category of a kind as {@link kindName} writes it. */
export function categoryOfKind(kind: string): Category {
  if (isExternalKind(kind)) return CATEGORIES.Externals;
  return own(CATEGORY_OF_KIND, kind) ?? CATEGORIES.Objects;
}

export function categoryOf(key: ObjectKey): Category {
  return categoryOfKind(key.slice(0, key.indexOf('/')));
}

export function isWorkload(key: ObjectKey): boolean {
  return categoryOf(key) === CATEGORIES.Workloads;
}

/** Workloads whose pods run until somebody replaces them; those of a Job end by themselves. */
export function isLongRunning(key: ObjectKey): boolean {
  return isWorkload(key) && !key.startsWith('Job.batch/') && !key.startsWith('CronJob.batch/');
}

/** Kinds with a scale subresource, whose replicas others may decide about. */
const SCALABLE: ReadonlySet<string> = new Set(['Deployment.apps', 'StatefulSet.apps']);

export function isScalable({ apiVersion, kind }: Pick<Manifest, 'apiVersion' | 'kind'>): boolean {
  return SCALABLE.has(kindName({ group: groupOf(apiVersion), kind }));
}

/** @param kind as {@link kindName} writes it. */
export function isExternalKind(kind: string): boolean {
  return kind.endsWith(`.${EXTERNAL_GROUP}`);
}

export function isExternal(key: ObjectKey): boolean {
  return categoryOf(key) === CATEGORIES.Externals;
}

/** What takes its turn in an order, with gate and hooks, and is awaited: workloads, and objects behind an API. */
export function takesTurns(key: ObjectKey): boolean {
  return isWorkload(key) || isExternal(key);
}

/** Whether `key` waits until what it uses is Current, and not only until it is applied. */
export function awaits(key: ObjectKey, used: ObjectKey): boolean {
  return isExternal(used) || (isExternal(key) && takesTurns(used));
}

/** What pods can read: a ConfigMap or a Secret. */
export function isConfiguration(key: ObjectKey): boolean {
  return categoryOf(key) === CATEGORIES.ConfigMaps;
}

/** `StatefulSet.apps/pinot-broker` as people say it: `StatefulSet pinot-broker`. */
export function titleOf(key: ObjectKey): string {
  const slash = key.indexOf('/');
  return `${parseKindName(key.slice(0, slash)).kind} ${key.slice(slash + 1)}`;
}
