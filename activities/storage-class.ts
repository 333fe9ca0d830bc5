import type { Manifest } from '../core/manifest.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';

export function storageClass(api: KubernetesApi, name: string): Promise<Manifest | undefined> {
  return api.get({ group: 'storage.k8s.io', kind: 'StorageClass', name });
}
