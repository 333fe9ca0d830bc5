import { Context } from '@temporalio/activity';
import { LABELS } from '../core/labels.ts';
import { isWorkload, titleOf } from '../core/plan/categories.ts';
import { foreignFinalizers, terminatingOf } from '../core/finalizers.ts';
import type { Manifest } from '../core/manifest.ts';
import type { Claimant } from '../core/ownership.ts';
import { isOfAnother, ownershipOf } from '../core/ownership.ts';
import type { ObjectKey, ObjectRef, ResourceRef } from '../core/refs.ts';
import { apiVersionOf, parseObjectKey } from '../core/refs.ts';
import type { Removal } from '../core/rollout/fold-pruned.ts';
import type { Entry } from '../core/rollout/state.ts';
import type { CallOptions, KubernetesApi } from '../kubernetes/api.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import type { Dependencies } from './dependencies.ts';
import type { News, Subject } from './event-recorder.ts';
import { failureOf, planStale } from './failure.ts';
import type { SendingFence } from './fence.ts';
import { sendingFence } from './fence.ts';
import { lastingRefusal } from './lasting-refusal.ts';
import { claimantOf, refOf } from './ownership.ts';
import { isUnserved } from './unreadable.ts';

export interface PruneItem {
  readonly key: ObjectKey;
  /** Only this object, and none that took its name; empty: whichever has it, when it is the resource's. */
  readonly uid: string;
  readonly retain?: boolean;
  /** Of an external object, as the inventory has it. */
  readonly origin?: Entry['origin'];
  readonly unconfirmed?: true;
  /** Its server showed none, and has had time since. */
  readonly again?: true;
}

/** How long what is deleted may take until the workflow goes on without it, and hears of its end by a hint. */
const PATIENCE_MS = 1_000;

/**
 * Deletes objects that are no longer desired, side by side. Workloads are deleted in the foreground: gone means that their pods
 * are gone. What the server refuses is reported per object and does not hold up the others; what goes soon is awaited here, so
 * that the workflow needs no signal, no look and no task of its own for it.
 *
 * @param uid of the resource: what belongs to another by now is left alone.
 * @param generation of the resource that does not desire them; absent when the resource itself is deleted.
 * @throws ApplicationFailure `PlanStale` when the resource has changed since: it may desire them again.
 */
export async function pruneObjects(
  dependencies: Pick<Dependencies, 'api' | 'events' | 'objects'>,
  resource: ResourceRef,
  items: readonly PruneItem[],
  uid: string,
  generation?: number,
): Promise<readonly Removal[]> {
  const { api, objects } = dependencies;
  const fence = sendingFence();
  const regarding = await api.get(resource).catch((error: unknown) => {
    throw failureOf(error, resource.name);
  });
  if (generation !== undefined && regarding && regarding.metadata.generation !== generation)
    throw planStale(`planned at generation ${generation}, the resource has changed since`);
  if (regarding && regarding.metadata.uid !== uid) throw planStale('another resource has the name');
  const claimant = claimantOf({ resource, uid });
  const done = new AbortController();
  const signal = AbortSignal.any([Context.current().cancellationSignal, done.signal]);
  try {
    const uids = items.flatMap(({ uid, retain }) => (retain ? [] : [uid]));
    const going = objects?.untilGone(resource, uids, { atMostMs: PATIENCE_MS, signal });
    const outcomes = await Promise.allSettled(
      items.map((item) => pruneAndTell({ ...dependencies, fence }, item, claimant, regarding)),
    );
    const removals = outcomes.map((outcome) => {
      if (outcome.status === 'rejected') throw outcome.reason;
      return outcome.value;
    });
    const gone = await going;
    return removals.map((removal, index) =>
      gone?.has(items[index]?.uid ?? '') ? { key: removal.key, outcome: 'gone' } : removal,
    );
  } finally {
    done.abort();
  }
}

async function pruneAndTell(
  { api, events, fence }: Pick<Dependencies, 'api' | 'events'> & { readonly fence: SendingFence },
  item: PruneItem,
  claimant: Claimant,
  regarding: Manifest | undefined,
): Promise<Removal> {
  const ref = parseObjectKey(item.key, claimant.namespace);
  const removal = await pruneOne(api, item, claimant, fence);
  if (!regarding || removal.outcome === 'gone') return removal;
  const { workflowExecution, activityId } = Context.current().info;
  const related = await relatedTo(api, ref, item.uid);
  const occurrence = `${workflowExecution?.runId} ${activityId} ${item.key}`;
  events.record({ regarding, ...(related ? { related } : {}), occurrence }, newsOf(removal));
  return removal;
}

/** An event needs the version of its object, and says as much without it: it fails nothing. */
async function relatedTo(api: KubernetesApi, ref: ObjectRef, uid: string): Promise<Subject['related']> {
  try {
    return { apiVersion: apiVersionOf(await api.servedKind(ref)), ref, uid };
  } catch (error) {
    if (error instanceof StatusError) return undefined;
    throw error;
  }
}

function newsOf(removal: Removal): News {
  const title = titleOf(removal.key);
  switch (removal.outcome) {
    case 'retained': {
      const note = `${title} is no longer desired, and kept with its data`;
      return { type: 'Normal', reason: 'Retained', action: 'Retain', note };
    }
    case 'refused': {
      const note = `${title} ${removal.message}`;
      return { type: 'Warning', reason: removal.reason, action: 'Delete', note, repeats: true };
    }
    default:
      return { type: 'Normal', reason: 'Deleted', action: 'Delete', note: `deleted ${title}` };
  }
}

async function pruneOne(
  api: KubernetesApi,
  item: PruneItem,
  claimant: Claimant,
  beforeSend: SendingFence,
): Promise<Removal> {
  const { key, uid, retain } = item;
  const signal = Context.current().cancellationSignal;
  const ref = parseObjectKey(key, claimant.namespace);
  try {
    const live = await api.get(ref, { signal });
    if (!live || !isMeant(live, uid, claimant)) return { key, outcome: 'gone' };
    if (retain) return { key, outcome: await letGo(api, live, { signal, beforeSend }) };
    const { resourceVersion } = live.metadata;
    const outcome = await api.remove(ref, {
      uid: live.metadata.uid ?? uid,
      // Its status may change at any time; who has it must not.
      ...(resourceVersion ? { resourceVersion } : {}),
      propagationPolicy: isWorkload(key) ? 'Foreground' : 'Background',
      signal,
      beforeSend,
    });
    if (outcome !== 'removed') return { key, outcome };
    const isHeld = foreignFinalizers(live).length > 0;
    const terminating = isHeld ? terminatingOf(await api.get(ref, { signal })) : undefined;
    return { key, outcome, uid: live.metadata.uid ?? uid, ...(terminating ? { terminating } : {}) };
  } catch (error) {
    if (await isUnserved(api, ref, error)) return { key, outcome: 'gone' };
    const lasting = lastingRefusal(error);
    if (!lasting) throw failureOf(error, titleOf(key));
    return {
      key,
      outcome: 'refused',
      reason: lasting.reason,
      message: `cannot be deleted: ${lasting.message}`,
    };
  }
}

/** Of what was sent and never seen only its own marks say whose it is. */
function isMeant(live: Manifest, uid: string, claimant: Claimant): boolean {
  if (uid === '') return ownershipOf(live, claimant).kind === 'ours';
  return live.metadata.uid === uid && !isOfAnother(live, claimant);
}

/** It is kept, and no longer one of the objects of the resource; that it was is still said by its annotation. */
async function letGo(api: KubernetesApi, live: Manifest, options: CallOptions): Promise<'retained'> {
  const ours = [LABELS.managedBy, LABELS.resource].filter((label) => label in (live.metadata.labels ?? {}));
  const operations = ours.map((label) => ({
    op: 'remove' as const,
    path: `/metadata/labels/${label.replaceAll('/', '~1')}`,
  }));
  const test = { op: 'test', path: '/metadata/uid', value: live.metadata.uid } as const;
  if (operations.length > 0) await api.patch(refOf(live), [test, ...operations], options);
  return 'retained';
}
