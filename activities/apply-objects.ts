import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { ownedFields } from '../core/fields.ts';
import { health } from '../core/health/index.ts';
import type { Manifest } from '../core/manifest.ts';
import type { RenderedObject } from '../core/plan/digests.ts';
import { titleOf } from '../core/plan/categories.ts';
import { OUR_REASONS, STATUS_REASONS } from '../core/reasons.ts';
import type { ObjectKey } from '../core/refs.ts';
import { parseObjectKey } from '../core/refs.ts';
import type { ApplyResult } from '../core/rollout/fold.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import type { Dependencies } from './dependencies.ts';
import type { News } from './event-recorder.ts';
import { failureOf, planStale } from './failure.ts';
import type { PlanRef } from './read-resource.ts';
import { readPlanned } from './read-resource.ts';

export interface ApplyItem {
  readonly key: ObjectKey;
  /** What was planned; anything else is not applied. */
  readonly digest: string;
  /** Why: it is new or changed in the plan, or somebody changed or deleted it. */
  readonly cause: 'plan' | 'drift';
  /** Managers that changed it, for people. */
  readonly editors?: readonly string[];
}

/**
 * Applies planned objects by server-side apply, side by side. What the server refuses is reported per object and does
 * not hold up the others; what it could not answer is retried, which re-applies to no effect what was applied already.
 *
 * @throws ApplicationFailure `PlanStale` when the resource is no longer what was planned.
 */
export async function applyObjects(
  dependencies: Dependencies,
  plan: PlanRef,
  items: readonly ApplyItem[],
): Promise<readonly ApplyResult[]> {
  const { manifest, rendered } = await readPlanned(dependencies, plan);
  const chosen = items.map((item) => {
    const object = rendered.objects.get(item.key);
    if (object?.ref.digest !== item.digest)
      throw planStale(`${titleOf(item.key)} is built otherwise than it was planned`);
    return { item, object };
  });
  const outcomes = await Promise.allSettled(
    chosen.map(({ item, object }) => applyOne(dependencies, manifest, item, object)),
  );
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
}

async function applyOne(
  dependencies: Dependencies,
  resource: Manifest,
  item: ApplyItem,
  { manifest }: RenderedObject,
): Promise<ApplyResult> {
  const { api, operator } = dependencies;
  try {
    const { object, created } = await api.apply(manifest, {
      fieldManager: operator.name,
      signal: Context.current().cancellationSignal,
    });
    tell(dependencies, resource, object, item, appliedNews(item, created));
    const { uid = '', generation } = object.metadata;
    return {
      key: item.key,
      applied: true,
      created,
      uid,
      ...(generation === undefined ? {} : { generation }),
      fields: ownedFields(object, operator.name),
      health: health(object, [], { now: Date.now() }),
    };
  } catch (error) {
    const refusal = await refusalOf(dependencies, manifest, item.key, error);
    tell(dependencies, resource, manifest, item, {
      type: 'Warning',
      reason: refusal.reason,
      action: 'Apply',
      note: `${titleOf(item.key)}: ${refusal.message}`,
    });
    return { key: item.key, applied: false, ...refusal };
  }
}

function tell(
  dependencies: Dependencies,
  regarding: Manifest,
  object: Manifest,
  item: ApplyItem,
  news: News,
): void {
  const { info } = Context.current();
  dependencies.events.record(
    {
      regarding,
      related: {
        apiVersion: object.apiVersion,
        ref: parseObjectKey(item.key, regarding.metadata.namespace),
        ...(object.metadata.uid ? { uid: object.metadata.uid } : {}),
      },
      occurrence: `${info.workflowExecution?.runId} ${info.activityId} ${item.key}`,
    },
    news,
  );
}

function appliedNews({ key, cause, editors = [] }: ApplyItem, created: boolean): News {
  const title = titleOf(key);
  if (cause === 'drift' && !created) {
    const who = editors.length > 0 ? ` by ${editors.join(', ')}` : '';
    return {
      type: 'Warning',
      reason: 'DriftRepaired',
      action: 'Update',
      note: `${title} was changed${who}; put back as desired`,
    };
  }
  if (created) return { type: 'Normal', reason: 'Created', action: 'Create', note: `created ${title}` };
  return { type: 'Normal', reason: 'Updated', action: 'Update', note: `updated ${title}` };
}

/** What the server will go on refusing; everything else is thrown, to be retried. */
async function refusalOf(
  dependencies: Dependencies,
  manifest: Manifest,
  key: ObjectKey,
  error: unknown,
): Promise<{ reason: string; message: string }> {
  if (!(error instanceof StatusError) || error.isTransient) throw failureOf(error, titleOf(key));
  if (error.causes.some(({ field }) => field === 'metadata.ownerReferences'))
    return ownershipConflict(dependencies, manifest, key, error);
  const causes = error.causes
    .filter(({ field }) => field)
    .map(({ field, message }) => `${field}: ${message}`);
  return { reason: error.reason, message: causes.length > 0 ? causes.join('; ') : error.message };
}

/** Server-side apply adds our owner to another's; the server refuses a second controller, which is how we learn of it. */
async function ownershipConflict(
  { api }: Dependencies,
  manifest: Manifest,
  key: ObjectKey,
  error: StatusError,
): Promise<{ reason: string; message: string }> {
  const wanted = manifest.metadata.ownerReferences?.[0];
  const live = await api.get(parseObjectKey(key, manifest.metadata.namespace)).catch((cause: unknown) => {
    throw failureOf(cause, titleOf(key));
  });
  const owner = live?.metadata.ownerReferences?.find(({ controller }) => controller);
  if (!owner) return { reason: STATUS_REASONS.Invalid, message: error.message };
  if (owner.kind === wanted?.kind && owner.name === wanted.name)
    throw ApplicationFailure.create({
      type: STATUS_REASONS.Conflict,
      message: `${titleOf(key)} belongs to a former ${owner.kind} ${owner.name}, and waits to be garbage-collected`,
    });
  const message = `is controlled by ${owner.kind} ${owner.name}; delete it, or give one of the two another name`;
  return { reason: OUR_REASONS.OwnershipConflict, message };
}
