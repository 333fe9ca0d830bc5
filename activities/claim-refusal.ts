import { read } from '../core/health/read.ts';
import type { Manifest } from '../core/manifest.ts';
import { OUR_REASONS } from '../core/reasons.ts';
import type { Reason } from '../core/reasons.ts';
import { canExpand, isLess, sizedClaim } from '../core/storage/claims.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import { storageClass } from './storage-class.ts';

/** Why the server would not resize a claim, in words that name sizes and class; undefined when it is about something else. */
export async function claimRefusal(
  api: KubernetesApi,
  wanted: Manifest,
  live: Manifest,
): Promise<{ readonly reason: Reason; readonly message: string } | undefined> {
  const { capacity, requested, className, ...claim } = sizedClaim(live, storageOf(wanted));
  const size = isLess(capacity, requested) ? capacity : requested;
  if (isLess(claim.wanted, size))
    return {
      reason: OUR_REASONS.ClaimWouldShrink,
      message: `${claim.wanted} is less than the ${size} it has, and a claim cannot shrink; ask for ${size} or more`,
    };
  if (!isLess(requested, claim.wanted) || canExpand(await storageClass(api, className))) return undefined;
  return {
    reason: OUR_REASONS.ClassCannotExpand,
    message: `its StorageClass ${className || '""'} has no allowVolumeExpansion, so it stays at ${size}; allow it there, or ask for ${size}`,
  };
}

function storageOf(claim: Manifest): string {
  const storage = read(claim, 'spec', 'resources', 'requests', 'storage');
  return typeof storage === 'string' ? storage : '';
}
