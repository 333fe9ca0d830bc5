/** The replicas of a live workload, and who set them last. */
import type { ObjectManifest } from 'durable-operator';

/** A StatefulSet or Deployment as the API server sends it. */
export type Live = ObjectManifest;

interface Books {
  readonly manager?: string;
  readonly time?: string;
  readonly fieldsV1?: { readonly 'f:spec'?: Readonly<Record<string, unknown>> };
}

export function replicasIn(live: Live): number {
  const { spec }: { readonly spec?: { readonly replicas?: number } } = live;
  return spec?.replicas ?? 1;
}

/** The field manager that owns the replicas, by the API server's books: `kubectl`, `argocd-controller`. */
export function ownerOfReplicas(live: Live): string {
  const { metadata }: { readonly metadata?: { readonly managedFields?: readonly Books[] } } = live;
  const owners = (metadata?.managedFields ?? [])
    .filter(({ fieldsV1 }) => fieldsV1?.['f:spec']?.['f:replicas'] !== undefined)
    .sort((a, b) => ((a.time ?? '') < (b.time ?? '') ? 1 : -1));
  return owners[0]?.manager ?? 'an unknown manager';
}
