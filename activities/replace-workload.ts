/** Replacing a workload together with its pods, which another selector does not select or which lack a claim. Its claims stay. */
import type { Manifest } from '../core/manifest.ts';
import type { ObjectKey, ObjectRef } from '../core/refs.ts';
import { parseObjectKey } from '../core/refs.ts';
import type { ApplyResult } from '../core/rollout/fold.ts';
import type { ScaleOrder } from '../core/rollout/scaling.ts';
import { leftTo } from '../core/rollout/scaling.ts';
import { scaleOf } from '../core/scalers.ts';
import type { Journal, Named } from '../core/storage/next-reshape.ts';
import { replacementOf, replacesPods } from '../core/storage/shape.ts';
import { digestOf } from '../core/labels.ts';
import { titleOf } from '../core/plan/categories.ts';
import { tell } from './apply-news.ts';
import { applyOne } from './apply-objects.ts';
import type { Dependencies } from './dependencies.ts';
import { failureOf, planStale } from './failure.ts';
import { sendingFence } from './fence.ts';
import { applying } from './fenced-api.ts';
import { findScalers } from './find-scalers.ts';
import { isLeft } from './owned-pods.ts';
import { claimantOf, refuseAnother } from './ownership.ts';
import { wantedOf } from './observe-shape.ts';
import type { PlanRef } from './read-resource.ts';
import { readJournal } from './recreation-journal.ts';
import type { Refused } from './recreate.ts';
import { believed, giveBackFields, make, untilGone } from './recreate.ts';
import type { StepResult } from './reshape-stateful-set.ts';
import type { KeptObject } from './revisions.ts';
import { readPlanned } from './read-resource.ts';

/** Deletes these pods as far as no other controller has them by now, and waits a while until they are gone. */
export async function clearPods(
  { api }: Dependencies,
  plan: PlanRef,
  key: ObjectKey,
  pods: readonly Named[],
): Promise<StepResult> {
  const workload = parseObjectKey(key, plan.resource.namespace);
  const { namespace } = workload;
  const journal = await readJournal(api, workload, plan.uid).catch((error: unknown) => {
    throw failureOf(error, titleOf(key));
  });
  if (!journal) return { done: true };
  const clear = async ({ name, uid }: Named): Promise<void> => {
    const ref: ObjectRef = { group: '', kind: 'Pod', ...(namespace ? { namespace } : {}), name };
    try {
      const pod = await api.get(ref);
      if (!pod || pod.metadata.uid !== uid || !isLeft(pod, journal)) return;
      const { resourceVersion } = pod.metadata;
      await api.remove(ref, { uid, ...(resourceVersion ? { resourceVersion } : {}) });
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
  const { api } = dependencies;
  const live = await api.get(ref);
  if (live) await refuseAnother(api, live, claimantOf(plan));
  if (live && !replacementOf(live, journal.manifest)) {
    await giveBackFields(api, ref, journal, claimantOf(plan));
    return undefined;
  }
  if (!live && refused && refused.digest === digestOf(wanted.manifest)) return refused;
  const adopts = !replacesPods(wanted.manifest, journal.manifest);
  if (adopts) {
    // The fields of others stay theirs: as it was but for claims and template, and then applied.
    const failed = await make(api, ref, journal, wantedOf(plan, wanted.manifest, journal.manifest));
    if (failed) return failed;
    await giveBackFields(api, ref, journal, claimantOf(plan));
  }
  const item = {
    key,
    digest,
    cause: 'plan' as const,
    ...(await replicasOf(dependencies, wanted, journal.manifest, adopts)),
  };
  const attempt = await applyOne(
    applying(dependencies, plan, item, sendingFence()),
    item,
    wanted,
    plan.revision !== undefined,
  );
  if (!attempt.result.applied) {
    const { reason, message, holder } = attempt.result;
    return believed({ reason, message, ...(holder === undefined ? {} : { holder }) });
  }
  tell(dependencies, (await readPlanned(dependencies, plan)).manifest, [attempt]);
  return attempt.result;
}

async function replicasOf(
  dependencies: Dependencies,
  { ref }: KeptObject,
  former: Manifest,
  adopts: boolean,
): Promise<Pick<ScaleOrder, 'replicas' | 'handOver'>> {
  const scalers = await findScalers(dependencies, former.metadata.namespace);
  const seen = scaleOf(former, dependencies.operator.name, scalers);
  const isLeft = seen && (ref.replicas === undefined || leftTo(ref, seen) !== undefined);
  if (adopts && isLeft) return seen.owned ? { handOver: true } : {};
  // With its pods, it scales when those are replaced.
  const { replicas } = seen && (adopts || isLeft) ? seen : ref;
  return replicas === undefined ? {} : { replicas };
}
