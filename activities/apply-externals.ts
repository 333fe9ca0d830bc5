import { setTimeout as delay } from 'node:timers/promises';
import type { Health } from '../core/health/health.ts';
import { WANTED } from '../core/external.ts';
import { titleOf } from '../core/plan/categories.ts';
import type { ApplyResult } from '../core/rollout/fold.ts';
import type { Attempt } from './apply-news.ts';
import { tell } from './apply-news.ts';
import type { ApplyItem } from './apply-objects.ts';
import { choose } from './choose-objects.ts';
import type { Dependencies } from './dependencies.ts';
import type { Handle } from './external-object.ts';
import { handling } from './external-object.ts';
import { ownedBy, rivalsOf } from './external-owners.ts';
import { failureOf } from './failure.ts';
import { heartbeating } from './heartbeat.ts';
import type { PlanRef } from './read-resource.ts';
import { readPlanned } from './read-resource.ts';
import type { Unapproved } from './replace-external.ts';
import { removeToReplace, unapprovedReplacement } from './replace-external.ts';
import type { KeptObject } from './revisions.ts';

/** How long a server may take to show what it accepted, before that counts as a refusal. */
const SETTLING_MS: readonly number[] = [0, 200, 500, 1_000, 2_000];

/**
 * Brings planned external objects to their servers, side by side: looks first, creates what is not there, changes what is
 * otherwise, and looks again. A worker that dies after `create` is followed by one that looks, and finds it.
 *
 * @throws ApplicationFailure `PlanStale` when the resource is no longer what was planned.
 */
export async function applyExternals(
  dependencies: Dependencies,
  plan: PlanRef,
  items: readonly ApplyItem[],
): Promise<readonly ApplyResult[]> {
  const { manifest, plan: wanted } = await readPlanned(dependencies, plan);
  const fresh = items.filter(({ unconfirmed }) => unconfirmed).map(({ key }) => key);
  const rivals = await heartbeating(() => rivalsOf(dependencies, manifest, fresh)).catch((error: unknown) => {
    throw failureOf(error, fresh.map(titleOf).join(', '));
  });
  const attempts = await Promise.all(
    choose(wanted, items).map(async ({ item, object }): Promise<Attempt> => {
      const { key } = item;
      const rival = rivals.get(key);
      const outcome = rival
        ? ownedBy(rival)
        : await handling(dependencies, manifest, key, (handle) =>
            bring(handle, object, (difference) =>
              unapprovedReplacement(dependencies, manifest, object, difference),
            ),
          );
      const result: ApplyResult =
        'reason' in outcome
          ? { key, applied: false, ...outcome }
          : {
              key,
              applied: true,
              created: outcome.wrote === 'created',
              uid: '',
              fields: WANTED,
              health: outcome.health,
            };
      const unchanged = 'reason' in outcome ? false : outcome.wrote === undefined;
      return { item, object: object.manifest, result, ...(unchanged ? { unchanged } : {}) };
    }),
  );
  tell(dependencies, manifest, attempts);
  return attempts.map(({ result }) => result);
}

interface Brought {
  /** Absent when it was there as wanted. */
  readonly wrote?: 'created' | 'updated';
  readonly health: Health;
}

/** @param refuse says why a replacement may not be made yet. */
async function bring(
  handle: Handle,
  { manifest }: KeptObject,
  refuse: (difference: string) => Unapproved | undefined,
): Promise<Brought | Unapproved> {
  const { wanted } = manifest;
  let before = await handle.observe(wanted);
  if (before !== undefined && handle.differenceIn(wanted, before) === undefined)
    return { health: await handle.healthOf(before) };
  const fixed = before === undefined ? undefined : handle.fixedDifferenceIn(wanted, before);
  const refusal = fixed === undefined ? undefined : refuse(fixed);
  if (refusal) return refusal;
  if (fixed !== undefined) before = await removeToReplace(handle, before);
  if (before === undefined) await handle.create(wanted);
  else await handle.update(wanted, before);
  const after = await settled(handle, wanted);
  return { wrote: before === undefined ? 'created' : 'updated', health: await handle.healthOf(after) };
}

/** @throws Error when the server accepted a write and does not show it. */
async function settled(handle: Handle, wanted: unknown): Promise<unknown> {
  let why = '';
  for (const pause of SETTLING_MS) {
    await delay(pause, undefined, { signal: handle.context.signal });
    const remote = await handle.observe(wanted);
    const difference = remote === undefined ? undefined : handle.differenceIn(wanted, remote);
    if (remote !== undefined && difference === undefined) return remote;
    why = difference === undefined ? 'it is not there' : `it differs in ${difference}`;
  }
  throw new Error(`the server accepted it, and yet ${why}`);
}
