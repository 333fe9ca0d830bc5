import { isApproved, tokenOf } from '../core/rollout/course.ts';
import type { Claim } from '../core/rollout/claims.ts';
import { COMMANDS } from '../core/labels.ts';
import type { Manifest } from '../core/manifest.ts';
import type { Rendered } from '../core/plan/digests.ts';
import { titleOf } from '../core/plan/categories.ts';
import { OUR_REASONS } from '../core/reasons.ts';
import { parseObjectKey } from '../core/refs.ts';
import type { Refusal } from '../core/rollout/state.ts';
import type { ApplyItem } from './apply-objects.ts';
import type { News } from './event-recorder.ts';
import { recordEvents } from './external-events.ts';
import { choose } from './choose-objects.ts';
import { ordersIn } from './choose-plan.ts';
import type { Dependencies } from './dependencies.ts';
import { handling } from './external-object.ts';
import type { Owner } from './external-owners.ts';
import { othersOf, ownedBy } from './external-owners.ts';
import { failureOf } from './failure.ts';
import type { PlanRef } from './read-resource.ts';
import { readPlanned } from './read-resource.ts';
import type { KeptObject } from './revisions.ts';

/** An object that is to be applied for the first time. */
export type ClaimItem = Pick<ApplyItem, 'key' | 'digest' | 'cause'> & Pick<Refusal, 'heir'>;

/**
 * Looks for the first time at external objects that are to be created, and creates none. What is on the server already was made by
 * others: it is adopted as the author says, or a person approves it.
 *
 * @throws ApplicationFailure `PlanStale` when the resource is no longer what was planned.
 */
export async function claimExternals(
  dependencies: Dependencies,
  plan: PlanRef,
  items: readonly ClaimItem[],
): Promise<readonly Claim[]> {
  const { manifest, rendered, plan: wanted } = await readPlanned(dependencies, plan);
  const keys = items.map(({ key }) => key);
  const others = await othersOf(dependencies, manifest, keys).catch((error: unknown) => {
    throw failureOf(error, keys.map(titleOf).join(', '));
  });
  const claims = await Promise.all(
    choose(wanted, items).map(({ item, object }) =>
      claimOne(dependencies, { resource: manifest, rendered, other: others.get(item.key) }, item, object),
    ),
  );
  tell(dependencies, manifest, claims);
  return claims;
}

interface Situation {
  readonly resource: Manifest;
  readonly rendered: Rendered;
  readonly other: Owner | undefined;
}

async function claimOne(
  dependencies: Dependencies,
  situation: Situation,
  { key, heir }: ClaimItem,
  object: KeptObject,
): Promise<Claim> {
  const { resource, other } = situation;
  if (other?.has) return { key, claimed: false, ...ownedBy(other) };
  const seen = await handling(dependencies, resource, key, async (handle) => ({
    isThere: (await handle.observe(object.manifest['wanted'])) !== undefined,
  }));
  if ('reason' in seen) return { key, claimed: false, ...seen };
  if (!seen.isThere) return { key, claimed: true, origin: 'created' };
  // Another resource of this operator had it, and let it go.
  if (heir) return { key, claimed: true, origin: heir };
  return adoption(dependencies, situation, object);
}

function adoption({ operator }: Dependencies, { resource, rendered }: Situation, { ref }: KeptObject): Claim {
  const { key } = ref;
  const { kind } = parseObjectKey(key, undefined);
  const options = rendered.objects.get(key)?.planned.desired.options;
  const adopt = options?.adopt ?? operator.externals.find((each) => each.kind === kind)?.options.adopt;
  if (adopt === 'always') return { key, claimed: true, origin: 'adopted' };
  const there = 'is on its server already, and this resource did not create it';
  if (adopt === 'never')
    return {
      key,
      claimed: false,
      reason: OUR_REASONS.AdoptionRefused,
      message: `${there}; delete it there, or give this one another name`,
    };
  const token = tokenOf(ref.digest, key, 'adoption');
  if (isApproved(ordersIn(resource), token, Date.now())) return { key, claimed: true, origin: 'adopted' };
  const how = `${COMMANDS.approve}=${token} on the resource approves that it is changed and kept as wanted`;
  return {
    key,
    claimed: false,
    reason: OUR_REASONS.AdoptionRequired,
    message: `${there}; ${how}`,
    token,
  };
}

function tell(dependencies: Dependencies, resource: Manifest, claims: readonly Claim[]): void {
  recordEvents(
    dependencies,
    resource,
    claims.flatMap((claim): readonly (News & { readonly key: string })[] => {
      const { key } = claim;
      const title = titleOf(key);
      if (!claim.claimed) {
        const { reason, message } = claim;
        return [{ key, type: 'Warning', reason, action: 'Claim', note: `${title} ${message}` }];
      }
      if (claim.origin === 'created') return [];
      const note = `took over ${title}, which was on its server before`;
      return [{ key, type: 'Normal', reason: 'Adopted', action: 'Claim', note }];
    }),
  );
}
