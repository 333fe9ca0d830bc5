/** Whether anything of a resource is not as its status says. Pure; what makes a restart of the bridge silent. */
import { askedFingerprint } from '../core/asked.ts';
import { inventoryFingerprint } from '../core/fields.ts';
import type { Manifest } from '../core/manifest.ts';
import { objectKey } from '../core/refs.ts';
import type { ResourceStatus } from '../core/status/resource-status.ts';
import { isAsWritten } from '../core/status/written.ts';
import type { OwnedObject } from './owned-objects.ts';

export interface Sight {
  readonly manifest: Manifest;
  readonly status: Partial<ResourceStatus>;
  readonly owned: readonly OwnedObject[];
  /** Whether the objects of every kind in its inventory are known. */
  readonly complete: boolean;
}

export function needsLook({ manifest, status, owned, complete }: Sight): boolean {
  const { generation, deletionTimestamp } = manifest.metadata;
  if (!complete || deletionTimestamp || status.observedGeneration !== generation) return true;
  if (askedFingerprint(manifest.metadata) !== (status.inventory?.commands ?? '')) return true;
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status !== 'True' || ready.observedGeneration !== generation) return true;
  if (!isAsWritten(manifest['status'])) return true;
  if (owned.some(({ verdict }) => verdict.state !== 'Current')) return true;
  return status.inventory?.fingerprint !== fingerprintOf(manifest, owned);
}

export function fingerprintOf(manifest: Manifest, owned: readonly OwnedObject[]): string {
  const home = manifest.metadata.namespace;
  return inventoryFingerprint(
    owned.map(({ lean: { ref, uid, applied }, scaler }) => ({
      key: objectKey(ref, home),
      uid,
      fields: applied.hash,
      scale: { owned: applied.ownsReplicas, scaler },
    })),
  );
}
