/**
 * A StatefulSet that is renamed in the spec: the new one would start on empty claims, and the old one go. Nothing is created and
 * nothing is deleted before somebody approves it.
 */
import { titleOf } from '../plan/categories.ts';
import type { PlannedRef } from '../plan/digests.ts';
import { COMMANDS } from '../labels.ts';
import { OUR_REASONS } from '../reasons.ts';
import type { ObjectKey } from '../refs.ts';
import { isApproved, tokenOf } from './course.ts';
import type { Entry, PlanView, ReconcileState, Refusal } from './state.ts';
import { rfc3339 } from './times.ts';

type Known = Pick<ReconcileState, 'inventory' | 'refusals'>;

/** Whether what the refused one takes the place of is still there. */
export function takesPlace(
  { renames = [] }: Refusal,
  { inventory }: Pick<ReconcileState, 'inventory'>,
): boolean {
  return renames.some((key) => inventory[key] && !inventory[key].leaving);
}

/** Refusals of new StatefulSets with claims that take the place of others, by role or by claim templates. */
export function renamesIn(
  plan: PlanView,
  { inventory, refusals }: Known,
  now: number,
): Readonly<Record<ObjectKey, Refusal>> {
  const leavers = Object.entries(inventory).filter(
    ([key, { claims, leaving }]) => claims && !leaving && !(key in plan.refs),
  );
  if (leavers.length === 0) return {};
  const formerOf = formerBy(leavers);
  const held = Object.values(plan.refs).flatMap((ref): [ObjectKey, Refusal][] => {
    const former = ref.claims && !(ref.key in inventory) ? formerOf(ref) : [];
    const token = tokenOf(plan.digest, ref.key, 'loss');
    if (former.length === 0 || isApproved(plan.orders ?? {}, token, now)) return [];
    const known = refusals[ref.key];
    const since = known?.renames ? known.since : rfc3339(now);
    return [[ref.key, refusalOf(ref, { former, token, since })]];
  });
  return Object.fromEntries(held);
}

/** Finds what a StatefulSet takes the place of, without a walk over all that go. */
function formerBy(
  leavers: readonly (readonly [ObjectKey, Entry])[],
): (ref: PlannedRef) => readonly ObjectKey[] {
  const byTrait = new Map<string, ObjectKey[]>();
  for (const [key, entry] of leavers)
    for (const trait of traitsOf(entry)) byTrait.set(trait, [...(byTrait.get(trait) ?? []), key]);
  return (ref) => [...new Set(traitsOf(ref).flatMap((trait) => byTrait.get(trait) ?? []))];
}

function traitsOf({ role, claims = {} }: Pick<Entry, 'role' | 'claims'>): readonly string[] {
  return [...(role ? [`role ${role}`] : []), `claims ${Object.keys(claims).sort().join()}`];
}

function refusalOf(
  { digest, claims = {} }: PlannedRef,
  {
    former,
    token,
    since,
  }: { readonly former: readonly ObjectKey[]; readonly token: string; readonly since: string },
): Refusal {
  const names = Object.keys(claims).join(', ');
  const others = former.slice(0, 4).map(titleOf).join(', ');
  const message =
    `new empty claims ${names} would take the place of those of ${others}, which is no longer desired: the data there is not moved, and ` +
    `those claims are kept; keep the former name, or ${COMMANDS.approve}=${token} on the resource approves it`;
  const reason = OUR_REASONS.ApprovalRequired;
  return { digest, reason, message, since, token, attempts: 1, retryAt: 0, renames: former };
}
