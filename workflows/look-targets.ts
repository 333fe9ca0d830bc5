import { upsertMemo } from '@temporalio/workflow';
import type { PlanAnswer } from '../activities/index.ts';
import type { Hint } from '../core/hint.ts';
import { isExternal, titleOf } from '../core/plan/categories.ts';
import type { ObjectKey, ResourceRef } from '../core/refs.ts';
import { heldByOthers } from '../core/rollout/refusal.ts';
import type { ReconcileState } from '../core/rollout/state.ts';
import type { Sight } from '../core/rollout/unread.ts';
import { dueKeys } from '../core/rollout/unread.ts';
import type { Step } from '../core/rollout/step.ts';
import { external, look } from './activities.ts';
import { currentTime } from './clock.ts';
import { MEMO } from './messages.ts';

/** Keys of objects in the cluster, and of those behind APIs. */
export interface Targets {
  readonly here: readonly ObjectKey[];
  readonly behind: readonly ObjectKey[];
  /** Whether they are all that the resource has. */
  readonly isWhole: boolean;
}

/**
 * The objects that a look reads, in the cluster and behind APIs. An alarm is about time, and needs no look: what becomes of objects
 * is signalled. Only a teardown looks after them itself, and no signal comes of an object behind an API.
 */
export function keysToLookAt(
  hint: Hint,
  step: Step | undefined,
  state: ReconcileState,
  { isDeleting, now }: { readonly isDeleting: boolean; readonly now: number },
): Targets {
  const { inventory, unhealthy } = state;
  const isAwaited = (key: ObjectKey): boolean =>
    isDeleting ? !isExternal(key) : isExternal(key) && key in unhealthy;
  const awaited = step?.kind === 'wait' ? step.on.filter(isAwaited) : [];
  const pointed = hint.resync ? Object.keys(inventory) : (hint.objects ?? (hint.resource ? [] : awaited));
  // Who has what was refused, the bridge reads from the status: news of it comes as news of the resource.
  const refused = Array.from(heldByOthers(state).keys());
  const isNews = hint.resource !== undefined || hint.resync === true;
  const held = new Set(refused.filter((key) => isNews || pointed.includes(key)));
  const own = [...pointed, ...dueKeys(state, now)].filter((key) => key in inventory);
  const keys = [...new Set([...own, ...held])];
  const { here = [], behind = [] } = Object.groupBy(keys, (key) => (isExternal(key) ? 'behind' : 'here'));
  return { here, behind, isWhole: hint.resync === true };
}

/** What a look found; what could not be had keeps nothing else from being had. */
export interface Looked {
  readonly answer?: PlanAnswer | undefined;
  readonly sights: readonly Sight[];
  readonly error?: unknown;
}

/** Reads objects of the inventory, and waits for a plan that was asked for. */
export async function lookAt(
  resource: ResourceRef,
  { inventory, uid }: Pick<ReconcileState, 'inventory' | 'uid'>,
  { here, behind, isWhole }: Targets,
  plan: Promise<PlanAnswer> | undefined,
): Promise<Looked> {
  const sought = here.map((key) => ({ key, fields: inventory[key]?.fields ?? '' }));
  const [planned, ...seen] = await Promise.allSettled([
    plan,
    here.length > 0 ? look(here.map(titleOf).join(', ')).observeObjects(resource, sought, uid) : [],
    behind.length > 0 ? external(behind.map(titleOf).join(', ')).observeExternals(resource, behind) : [],
  ]);
  const failed = [planned, ...seen].find((outcome) => outcome.status === 'rejected');
  if (isWhole && !failed && behind.length > 0) upsertMemo({ [MEMO.comparedAt]: currentTime() });
  return {
    ...(planned.status === 'fulfilled' ? { answer: planned.value } : {}),
    sights: seen.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : [])),
    ...(failed ? { error: failed.reason } : {}),
  };
}
