import { Context } from '@temporalio/activity';
import { ownedFields } from '../core/fields.ts';
import { health } from '../core/health/index.ts';
import type { Manifest } from '../core/manifest.ts';
import { staysHeadless } from '../core/plan/immutable-fields.ts';
import { isConfiguration, isWorkload, titleOf } from '../core/plan/categories.ts';
import { STATUS_REASONS } from '../core/reasons.ts';
import type { ObjectKey } from '../core/refs.ts';
import { parseObjectKey } from '../core/refs.ts';
import { claimSizes } from '../core/storage/claims.ts';
import { shapeOf, withGrownClaims } from '../core/storage/shape.ts';
import type { ApplyResult, RevertResult } from '../core/rollout/fold.ts';
import type { AppliedWorkload, WorkloadOrder } from './apply-workload.ts';
import { applyWorkload } from './apply-workload.ts';
import { isOfAnotherShape, refusalOf } from './apply-refusal.ts';
import type { Approval } from './replace-immutable.ts';
import { approvalsIn, clearTheWay, headless } from './replace-immutable.ts';
import { failureOf } from './failure.ts';
import type { Attempt } from './apply-news.ts';
import { tell } from './apply-news.ts';
import { choose } from './choose-objects.ts';
import type { Dependencies } from './dependencies.ts';
import { healthOptions } from './health-options.ts';
import { sendingFence } from './fence.ts';
import type { Claiming } from './fenced-api.ts';
import { applying } from './fenced-api.ts';
import { refuseAnother } from './ownership.ts';
import type { PlanRef } from './read-resource.ts';
import { readPlanned } from './read-resource.ts';
import { tookOver } from './take-over.ts';
import type { KeptObject } from './revisions.ts';
import { shelfOf } from './revisions.ts';

export interface ApplyItem extends WorkloadOrder {
  readonly key: ObjectKey;
  /** What was planned; anything else is not applied. */
  readonly digest: string;
  /** Why: it is new or changed in the plan, or somebody changed or deleted it. */
  /** An external object that was never seen on its server as it is wanted. */
  readonly unconfirmed?: true;
  readonly cause: 'plan' | 'drift';
  /** The object it was last applied to; absent when it is to be created. */
  readonly uid?: string;
}

export interface RevertItem {
  readonly key: ObjectKey;
  /** Digest of the pod template that it had; absent for what is no workload. */
  readonly template?: string;
}

/**
 * Applies planned objects by server-side apply, side by side. What the server refuses is reported per object and does
 * not hold up the others; what it could not answer is retried, which re-applies to no effect what was applied already.
 *
 * @param patienceMs how long it waits for the workloads among them to become Current.
 * @throws ApplicationFailure `PlanStale` when the resource is no longer what was planned.
 */
export async function applyObjects(
  dependencies: Dependencies,
  plan: PlanRef,
  items: readonly ApplyItem[],
  patienceMs: number = 0,
): Promise<readonly ApplyResult[]> {
  const { manifest, plan: wanted } = await readPlanned(dependencies, plan);
  const isOfThePast = plan.revision !== undefined;
  const fence = sendingFence();
  const approvalOf = approvalsIn(manifest, wanted.digest);
  const outcomes = await Promise.allSettled(
    choose(wanted, items).map(({ item, object }) =>
      applyOne({ ...applying(dependencies, plan, item, fence), approvalOf }, item, object, isOfThePast),
    ),
  );
  const attempts = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  tell(dependencies, manifest, attempts);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  return await settled(
    dependencies,
    plan,
    attempts.map(({ result }) => result),
    patienceMs,
  );
}

/**
 * Workloads that are Current soon are awaited here: the workflow goes on with its next step at once, with no signal, no look and
 * no task of its own in between. Of one that takes longer it hears by a hint.
 */
async function settled(
  { objects }: Dependencies,
  { resource }: PlanRef,
  results: readonly ApplyResult[],
  patienceMs: number,
): Promise<readonly ApplyResult[]> {
  const pending = results.flatMap((result) =>
    result.applied && isWorkload(result.key) && result.health.state === 'InProgress'
      ? [{ uid: result.uid, generation: result.generation ?? 0 }]
      : [],
  );
  if (!objects || pending.length === 0 || patienceMs === 0) return results;
  const signal = Context.current().cancellationSignal;
  const verdicts = await objects.untilCurrent(resource, pending, { atMostMs: patienceMs, signal });
  return results.map((result) => {
    const verdict = result.applied ? verdicts.get(result.uid) : undefined;
    return verdict ? { ...result, health: verdict } : result;
  });
}

function errorOf(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

/** What an apply needs beside its object. */
interface Applying extends Claiming {
  /** Absent where nobody can be asked. */
  readonly approvalOf?: (key: ObjectKey) => Approval;
  /** It was replaced already: what is refused now is not refused for what was there. */
  readonly isReplaced?: true;
}

export async function applyOne(
  dependencies: Applying,
  item: ApplyItem,
  kept: KeptObject,
  isOfThePast: boolean,
): Promise<Attempt> {
  const { api, operator, claimant } = dependencies;
  const planned = kept.manifest;
  const { key } = item;
  const ref = parseObjectKey(key, planned.metadata.namespace);
  let manifest = planned;
  try {
    const isKept = isOfThePast && (planned.kind === 'Secret' || shapeOf(planned) !== undefined);
    const former = isKept ? await api.get(ref) : undefined;
    if (former) await refuseAnother(api, former, claimant);
    // Of a Secret no revision keeps the content: the live one is left as it is. So are claims that have grown since.
    const live = planned.kind === 'Secret' ? former : undefined;
    if (former) manifest = withGrownClaims(planned, former);
    if (isOfThePast && planned.kind === 'Secret' && !live)
      return { item, object: planned, result: { key, applied: false, ...CONTENT_IS_LOST } };
    const signal = Context.current().cancellationSignal;
    const apply = async (): Promise<AppliedWorkload> =>
      live ? { object: live, created: false } : await applyWorkload(dependencies, manifest, item, signal);
    const applied = await apply().catch(async (error: unknown) => {
      if (item.cause !== 'drift') throw error;
      if (!(await tookOver(dependencies.api, ref, operator.name, error, { signal }))) throw error;
      return apply();
    });
    const { object } = applied;
    if (staysHeadless(manifest, object)) throw headless();
    const result = await resultOf(dependencies, item, applied);
    return { item, object, result };
  } catch (error) {
    const way = await wayFor(dependencies, manifest, key, error);
    if (way === 'gone') {
      const again = await applyOne({ ...dependencies, isReplaced: true }, item, kept, isOfThePast);
      return { ...again, replaced: true };
    }
    const refusal = way ?? (await refusalOf(dependencies, manifest, key, error));
    const aboutShape = (await isOfAnotherShape(api, key, manifest, error)) && { aboutShape: true as const };
    const result: ApplyResult = { key, applied: false, ...refusal, ...aboutShape };
    // What comes of another shape is told when it was looked at.
    return { item, object: manifest, result, ...(aboutShape ? { unchanged: true } : {}) };
  }
}

async function resultOf(
  { api, operator }: Pick<Dependencies, 'api' | 'operator'>,
  { key }: ApplyItem,
  { object, created, scale, scaledOnly, partition }: AppliedWorkload,
): Promise<ApplyResult> {
  const { uid = '', generation } = object.metadata;
  return {
    key,
    applied: true,
    created,
    uid,
    ...(partition === undefined ? {} : { partition }),
    ...(generation === undefined ? {} : { generation }),
    fields: ownedFields(object, operator.name),
    ...(scale ? { scale } : {}),
    ...claimSizes(object),
    ...(scaledOnly ? { scaledOnly } : {}),
    health: health(object, [], await healthOptions(api, object)),
  };
}

/** What can be done about an error that is about what is there. */
async function wayFor(
  { api, claimant, approvalOf, isReplaced }: Applying,
  manifest: Manifest,
  key: ObjectKey,
  error: unknown,
): ReturnType<typeof clearTheWay> {
  if (isReplaced) return undefined;
  const approval = approvalOf?.(key);
  const signal = Context.current().cancellationSignal;
  try {
    return await clearTheWay({ api, claimant, key, manifest, error, approval, signal });
  } catch (cause) {
    throw failureOf(cause, titleOf(key));
  }
}

const CONTENT_IS_LOST = {
  reason: STATUS_REASONS.NotFound,
  message: 'is gone, and no revision keeps the content of a Secret; create it, or change the resource',
} as const;

/** Puts back workloads that a rollout has not come to, from the revision whose pods they had, and what those pods read. */
export async function revertObjects(
  dependencies: Dependencies,
  plan: PlanRef,
  items: readonly RevertItem[],
): Promise<readonly RevertResult[]> {
  const { manifest, rendered } = await readPlanned(dependencies, plan);
  const shelf = shelfOf(manifest, rendered);
  const fence = sendingFence();
  const results: RevertResult[] = [];
  let failure: Error | undefined;
  for (const { key, template } of items) {
    const kept = shelf && (await dependencies.revisions.find(shelf, key, template));
    const { digest = '', replicas, yields } = kept?.ref ?? {};
    const order = replicas === undefined ? { handOver: true as const } : { replicas };
    const item: ApplyItem = { key, digest, cause: 'drift', ...order, ...(yields ? { yields } : {}) };
    const attempt = kept
      ? await applyOne(applying(dependencies, plan, item, fence), item, kept, true).catch(
          (error: unknown) => {
            failure ??= errorOf(error);
            return undefined;
          },
        )
      : ({ item, object: manifest, result: { key, applied: false, ...unkept(template) } } as const);
    if (!attempt) continue;
    tell(dependencies, manifest, [attempt]);
    const reads = kept?.ref.uses?.filter(isConfiguration);
    results.push({
      ...attempt.result,
      digest: item.digest,
      ...(template === undefined ? {} : { template, ...(reads ? { reads } : {}) }),
    });
  }
  // Of the others the next look finds that they are yet to be put back.
  if (results.length === 0 && failure) throw failure;
  return results;
}

function unkept(template: string | undefined): { reason: string; message: string } {
  const message =
    template === undefined
      ? 'is gone and no revision keeps it; pods of a stage that the rollout has not come to wait for it when they restart'
      : `cannot be put back as it was: no revision keeps the pod template ${template.slice(0, 10)}; it is made anew when its turn comes`;
  return { reason: STATUS_REASONS.NotFound, message };
}
