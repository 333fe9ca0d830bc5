/** Keeps the objects of one resource from being taken by another: what `core/ownership.ts` says, asked of the API server. */
import { LABELS, labelValue } from '../core/labels.ts';
import type { Manifest } from '../core/manifest.ts';
import type { Claimant, Holder } from '../core/ownership.ts';
import {
  conflictMessage,
  holderWord,
  ownerLabel,
  ownershipOf,
  takenClaimMessage,
} from '../core/ownership.ts';
import { OUR_REASONS, STATUS_REASONS } from '../core/reasons.ts';
import type { ObjectRef } from '../core/refs.ts';
import { groupOf } from '../core/refs.ts';
import { NOT_FOUND } from '../core/seen.ts';
import { claimTemplatesOf, isClaimOf } from '../core/storage/claims.ts';
import { hasShape } from '../core/storage/shape.ts';
import type { CallOptions, KubernetesApi } from '../kubernetes/api.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import type { PlanRef } from './read-resource.ts';
import { journalHeader } from './recreation-journal.ts';

/** The object belongs to another resource or controller. Nothing was changed. */
export class OwnershipConflict extends StatusError {
  /** Who has it, as a watch sees it: the resource is told when that changes. */
  readonly holder: string;

  constructor(message: string, holder: string) {
    super(message, { code: 409, reason: OUR_REASONS.OwnershipConflict });
    this.holder = holder;
  }
}

export function claimantOf({ resource, uid }: Pick<PlanRef, 'resource' | 'uid'>): Claimant {
  const { group, kind, namespace, name } = resource;
  return { group, kind, ...(namespace ? { namespace } : {}), name, uid };
}

/** @throws OwnershipConflict when the object belongs to another resource or controller. */
export async function refuseAnother(
  api: KubernetesApi,
  live: Manifest,
  claimant: Claimant,
  options: CallOptions = {},
  word: string = holderWord(live),
): Promise<void> {
  const ownership = ownershipOf(live, claimant);
  if (ownership.kind !== 'other') return;
  const isLiving = await isThere(api, ownership.holder, options);
  throw new OwnershipConflict(conflictMessage(live, ownership.holder, claimant, isLiving), word);
}

/**
 * What is about to be created may be another's although it is not there: a workload that another resource recreates at this
 * moment, or one whose pods would mount claims that were made for another resource.
 *
 * @throws OwnershipConflict
 */
export async function refuseTakenName(
  api: KubernetesApi,
  workload: Manifest,
  claimant: Claimant,
  options: CallOptions = {},
): Promise<void> {
  if (!hasShape(workload)) return;
  const [journal, claim] = await Promise.all([
    journalHeader(api, refOf(workload), options),
    takenClaim(api, workload, claimant, options),
  ]);
  if (journal) await refuseAnother(api, journal, claimant, options, NOT_FOUND);
  if (claim) throw new OwnershipConflict(takenClaimMessage(claim, claimant), NOT_FOUND);
}

async function takenClaim(
  api: KubernetesApi,
  workload: Manifest,
  claimant: Claimant,
  options: CallOptions,
): Promise<Manifest | undefined> {
  if (claimTemplatesOf(workload).length === 0) return undefined;
  const { namespace, name } = workload.metadata;
  const { items } = await api.list(
    { group: '', kind: 'PersistentVolumeClaim' },
    {
      ...options,
      ...(namespace ? { namespace } : {}),
      labelSelector: `${LABELS.workload}=${labelValue(name)},${LABELS.owner},${LABELS.owner}!=${ownerLabel(claimant)}`,
      metadataOnly: true,
    },
  );
  return items.find(({ metadata }) => isClaimOf(workload, metadata.name));
}

/** One that may not be read may be there. */
async function isThere(api: KubernetesApi, holder: Holder, options: CallOptions): Promise<boolean> {
  try {
    const live = await api.get(holder, { ...options, metadataOnly: true });
    return live !== undefined && (holder.uid === undefined || live.metadata.uid === holder.uid);
  } catch (error) {
    if (!(error instanceof StatusError) || error.isTransient) throw error;
    return error.reason !== STATUS_REASONS.NotFound;
  }
}

/** An object of a manifest. */
export function refOf({ apiVersion, kind, metadata: { namespace, name } }: Manifest): ObjectRef {
  return { group: groupOf(apiVersion), kind, ...(namespace ? { namespace } : {}), name };
}
