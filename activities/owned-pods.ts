/** The pods of a workload: those that it controls, and not those that its selector happens to match. */
import type { Manifest } from '../core/manifest.ts';
import { controllerOf } from '../core/ownership.ts';
import type { Journal } from '../core/storage/next-reshape.ts';
import { selectorOf } from '../core/storage/shape.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';

const POD = { group: '', kind: 'Pod' } as const;
const REPLICA_SET = { group: 'apps', kind: 'ReplicaSet' } as const;

export async function podsOf(api: KubernetesApi, workload: Manifest): Promise<readonly Manifest[]> {
  const labelSelector = selectorOf(workload);
  // Without a selector the API server lists every pod.
  if (labelSelector === '') return [];
  const { namespace } = workload.metadata;
  const selection = { ...(namespace ? { namespace } : {}), labelSelector };
  const { items } = await api.list(POD, selection);
  if (items.length === 0) return [];
  const controllers = await controllersOf(api, workload, selection);
  return items.filter((pod) => controllers.has(controllerOf(pod)?.uid ?? ''));
}

/** The pods that a workload had which is deleted, but for those that another controller has by now. */
export async function podsLeft(api: KubernetesApi, journal: Journal): Promise<readonly Manifest[]> {
  const { namespace } = journal.manifest.metadata;
  const labelSelector = selectorOf(journal.manifest);
  const { items } = await api.list(POD, { ...(namespace ? { namespace } : {}), labelSelector });
  return items.filter((pod) => isLeft(pod, journal));
}

export function isLeft(pod: Manifest, { uid, pods, controllers = [] }: Journal): boolean {
  const controller = controllerOf(pod)?.uid;
  const isFree = controller === undefined || controller === uid || controllers.includes(controller);
  return isFree && pods[pod.metadata.name] === pod.metadata.uid;
}

/** A Deployment runs its pods by ReplicaSets. */
async function controllersOf(
  api: KubernetesApi,
  { kind, metadata: { uid = '' } }: Manifest,
  selection: Parameters<KubernetesApi['list']>[1],
): Promise<ReadonlySet<string>> {
  if (kind !== 'Deployment') return new Set([uid]);
  const { items } = await api.list(REPLICA_SET, { ...selection, metadataOnly: true });
  const own = items.filter((each) => controllerOf(each)?.uid === uid);
  return new Set(own.map(({ metadata }) => metadata.uid ?? ''));
}
