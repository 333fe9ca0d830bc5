/**
 * The storage of a cloud, without any: claims of the default class get a volume at once, grow when they ask for more, and
 * their volumes go when they are released. Binding itself is done by the real controller. Other classes of this provisioner
 * may say how theirs grow, by `parameters` (`expansion.ts`).
 */
import type { ClusterApi } from './cluster-api.ts';
import type { LoopOptions } from './kubelet.ts';
import { expand } from './expansion.ts';
import { isLarger } from './quantity.ts';
import { watchLoop } from './watch-loop.ts';

export const STORAGE_CLASS = 'standard';
const PROVISIONER = 'sandbox.durable-operator.dev/storage';

export interface Claim {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly spec: {
    readonly accessModes?: readonly string[];
    readonly volumeMode?: string;
    readonly volumeName?: string;
    readonly storageClassName?: string;
    readonly resources?: { readonly requests?: { readonly storage?: string } };
  };
  readonly status?: {
    readonly phase?: string;
    readonly capacity?: { readonly storage?: string };
    readonly conditions?: readonly { readonly type: string }[];
  };
}

interface Volume {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly spec: { readonly persistentVolumeReclaimPolicy?: string };
  readonly status?: { readonly phase?: string };
}

export async function serveStorage(api: ClusterApi, loop: LoopOptions): Promise<void> {
  const { signal, onTrouble } = loop;
  const once = <T>(work: (object: T) => Promise<void>) => {
    return (object: T, type: 'MODIFIED' | 'DELETED'): void => {
      if (type !== 'DELETED') void work(object).catch(onTrouble);
    };
  };
  await Promise.all([
    watchLoop<Claim>({
      api,
      path: '/api/v1/persistentvolumeclaims',
      signal,
      onObject: once((claim) => serveClaim(api, claim, signal)),
      onTrouble,
    }),
    watchLoop<Volume>({
      api,
      path: '/api/v1/persistentvolumes',
      signal,
      onObject: once((volume) => releaseVolume(api, volume, signal)),
      onTrouble,
    }),
  ]);
}

export async function createStorageClass(api: ClusterApi, signal: AbortSignal): Promise<void> {
  const body = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: {
      name: STORAGE_CLASS,
      annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
    },
    provisioner: PROVISIONER,
    allowVolumeExpansion: true,
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'Immediate',
  };
  await api.expect({ method: 'POST', path: '/apis/storage.k8s.io/v1/storageclasses', body, signal }, 409);
}

async function serveClaim(api: ClusterApi, claim: Claim, signal: AbortSignal): Promise<void> {
  const { metadata, spec, status } = claim;
  if (metadata.deletionTimestamp !== undefined) return;
  const asked = spec.resources?.requests?.storage ?? '1Gi';
  if (spec.volumeName === undefined || spec.volumeName === '') {
    if (metadata.annotations?.['volume.kubernetes.io/storage-provisioner'] === PROVISIONER) {
      await createVolume(api, claim, signal);
    }
  } else if (status?.phase === 'Bound' && isLarger(asked, status.capacity?.storage ?? asked)) {
    await expand(api, claim, asked, signal);
  }
}

async function createVolume(api: ClusterApi, { metadata, spec }: Claim, signal: AbortSignal): Promise<void> {
  const name = `pvc-${metadata.uid}`;
  const { namespace, uid } = metadata;
  const body = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, annotations: { 'pv.kubernetes.io/provisioned-by': PROVISIONER } },
    spec: {
      accessModes: spec.accessModes ?? ['ReadWriteOnce'],
      capacity: { storage: spec.resources?.requests?.storage ?? '1Gi' },
      ...(spec.volumeMode === undefined ? {} : { volumeMode: spec.volumeMode }),
      storageClassName: spec.storageClassName,
      persistentVolumeReclaimPolicy: 'Delete',
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        name: metadata.name,
        namespace,
        uid,
      },
      // Nothing is ever mounted, so the path does not have to exist.
      hostPath: { path: `/var/lib/sandbox/${name}` },
    },
  };
  await api.expect({ method: 'POST', path: '/api/v1/persistentvolumes', body, signal }, 409);
}

async function releaseVolume(api: ClusterApi, volume: Volume, signal: AbortSignal): Promise<void> {
  const { metadata, spec, status } = volume;
  const ours = metadata.annotations?.['pv.kubernetes.io/provisioned-by'] === PROVISIONER;
  if (!ours || status?.phase !== 'Released' || spec.persistentVolumeReclaimPolicy !== 'Delete') return;
  if (metadata.deletionTimestamp !== undefined) return;
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid: metadata.uid } };
  const path = `/api/v1/persistentvolumes/${metadata.name}`;
  await api.expect({ method: 'DELETE', path, body, signal }, 404, 409);
}
