/** Replacing a workload together with its pods, since another selector selects none of them. Its claims stay. */
import type { Manifest } from '../core/manifest.ts';
import type { ObjectKey, ObjectRef } from '../core/refs.ts';
import { parseObjectKey } from '../core/refs.ts';
import type { ApplyResult } from '../core/rollout/fold.ts';
import { leftTo } from '../core/rollout/scaling.ts';
import { scaleOf } from '../core/scalers.ts';
import type { Journal, Named } from '../core/storage/next-reshape.ts';
import { replacesPods } from '../core/storage/shape.ts';
import { digestOf } from '../core/labels.ts';
import { tell } from './apply-news.ts';
import { applyOne } from './apply-objects.ts';
import type { Dependencies } from './dependencies.ts';
import { failureOf, planStale } from './failure.ts';
import { sendingFence } from './fence.ts';
import { fencedApi } from './fenced-api.ts';
import { findScalers } from './find-scalers.ts';
import type { PlanRef } from './read-resource.ts';
import type { Refused } from './recreate.ts';
import { believed, giveBackFields, untilGone } from './recreate.ts';
import type { StepResult } from './reshape-stateful-set.ts';
import type { KeptObject } from './revisions.ts';
import { readPlanned } from './read-resource.ts';

/** Deletes exactly these pods, and waits a while until they are gone. */
export async function clearPods(
  { api }: Dependencies,
  plan: PlanRef,
  key: ObjectKey,
  pods: readonly Named[],
): Promise<StepResult> {
  const { namespace } = parseObjectKey(key, plan.resource.namespace);
  const clear = async ({ name, uid }: Named): Promise<void> => {
    const ref: ObjectRef = { group: '', kind: 'Pod', ...(namespace ? { namespace } : {}), name };
    try {
      await api.remove(ref, { uid });
      await untilGone(api, ref, uid);
    } catch (error) {
      throw failureOf(error, `Pod ${name}`);
    }
  };
  await Promise.all(pods.map(clear));
  return { done: true };
}

/** Makes what is wanted in the place of what was deleted, with as many pods as that had where others decide about them. */
export async function makeReplacement(
  dependencies: Dependencies,
  plan: PlanRef,
  wanted: KeptObject | undefined,
  journal: Journal,
): Promise<ApplyResult | Refused | undefined> {
  if (!wanted) throw planStale('it is no longer planned');
  const { key, digest } = wanted.ref;
  const ref = parseObjectKey(key, plan.resource.namespace);
  const { refused } = journal;
  const live = await dependencies.api.get(ref);
  if (live && !replacesPods(live, journal.manifest)) {
    await giveBackFields(dependencies.api, ref, journal);
    return undefined;
  }
  if (!live && refused && refused.digest === digestOf(wanted.manifest)) return refused;
  const item = {
    key,
    digest,
    cause: 'plan' as const,
    ...(await replicasOf(dependencies, wanted, journal.manifest)),
  };
  const api = fencedApi(dependencies, plan, item, sendingFence());
  const attempt = await applyOne({ ...dependencies, api }, item, wanted, plan.revision !== undefined);
  if (!attempt.result.applied) {
    const { reason, message } = attempt.result;
    return believed({ reason, message });
  }
  tell(dependencies, (await readPlanned(dependencies, plan)).manifest, [attempt]);
  return attempt.result;
}

async function replicasOf(
  dependencies: Dependencies,
  { ref }: KeptObject,
  former: Manifest,
): Promise<{ readonly replicas?: number }> {
  const scalers = await findScalers(dependencies, former.metadata.namespace);
  const seen = scaleOf(former, dependencies.operator.name, scalers);
  const { replicas } = seen && (ref.replicas === undefined || leftTo(ref, seen)) ? seen : ref;
  return replicas === undefined ? {} : { replicas };
}
