/**
 * How volumes grow, as their StorageClass says by its `parameters`: at once where it says nothing; `limit: 5Gi` makes more than
 * that infeasible; `fileSystem: offline` makes the file system grow only when a pod starts with the claim.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { MERGE, type ClusterApi } from './cluster-api.ts';
import { isLarger } from './quantity.ts';
import type { Claim } from './storage.ts';

interface StorageClass {
  readonly parameters?: { readonly limit?: string; readonly fileSystem?: string };
}

interface Pod {
  readonly metadata: { readonly uid: string };
  readonly spec: {
    readonly volumes?: readonly { readonly persistentVolumeClaim?: { readonly claimName: string } }[];
  };
  readonly status?: { readonly phase?: string };
}

const POD_POLL_MS = 300;
/** Such a file system has waited for a pod for as long as an online one could have taken. */
const PENDING_FOR_MS = 3_600_000;

export async function expand(
  api: ClusterApi,
  claim: Claim,
  storage: string,
  signal: AbortSignal,
): Promise<void> {
  const { limit, fileSystem } = (await classOf(api, claim, signal)).parameters ?? {};
  if (limit !== undefined && isLarger(storage, limit))
    return patchStatus(
      api,
      claim,
      { allocatedResourceStatuses: { storage: 'ControllerResizeInfeasible' } },
      signal,
    );
  await patchVolume(api, claim, storage, signal);
  if (fileSystem === 'offline') return expandWithPod(api, claim, storage, signal);
  await patchStatus(
    api,
    claim,
    { capacity: { storage }, allocatedResourceStatuses: null, conditions: [] },
    signal,
  );
}

async function expandWithPod(
  api: ClusterApi,
  claim: Claim,
  storage: string,
  signal: AbortSignal,
): Promise<void> {
  if (claim.status?.conditions?.some(({ type }) => type === 'FileSystemResizePending')) return;
  const since = new Date(Date.now() - PENDING_FOR_MS).toISOString().replace(/\.\d+Z$/, 'Z');
  const pending = { type: 'FileSystemResizePending', status: 'True', lastTransitionTime: since };
  const mounted = await podsWith(api, claim, signal);
  await patchStatus(api, claim, { conditions: [pending] }, signal);
  const isNew = ({ metadata, status }: Pod): boolean =>
    status?.phase === 'Running' && !mounted.some((known) => known.metadata.uid === metadata.uid);
  while (!(await podsWith(api, claim, signal)).some(isNew)) await sleep(POD_POLL_MS, undefined, { signal });
  await patchStatus(api, claim, { capacity: { storage }, conditions: [] }, signal);
}

async function podsWith(
  api: ClusterApi,
  { metadata: { namespace, name } }: Claim,
  signal: AbortSignal,
): Promise<readonly Pod[]> {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const { items } = (await api.expect({ method: 'GET', path, signal })).body as { items: readonly Pod[] };
  return items.filter(({ spec }) =>
    spec.volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === name),
  );
}

async function classOf(api: ClusterApi, { spec }: Claim, signal: AbortSignal): Promise<StorageClass> {
  const path = `/apis/storage.k8s.io/v1/storageclasses/${spec.storageClassName ?? ''}`;
  return (await api.expect({ method: 'GET', path, signal })).body as StorageClass;
}

async function patchVolume(
  api: ClusterApi,
  { spec }: Claim,
  storage: string,
  signal: AbortSignal,
): Promise<void> {
  const path = `/api/v1/persistentvolumes/${spec.volumeName}`;
  const body = { spec: { capacity: { storage } } };
  await api.expect({ method: 'PATCH', path, body, contentType: MERGE, signal }, 404);
}

async function patchStatus(
  api: ClusterApi,
  { metadata }: Claim,
  status: object,
  signal: AbortSignal,
): Promise<void> {
  const path = `/api/v1/namespaces/${metadata.namespace}/persistentvolumeclaims/${metadata.name}/status`;
  await api.expect({ method: 'PATCH', path, body: { status }, contentType: MERGE, signal }, 404);
}
