import { Context } from '@temporalio/activity';
import type { Manifest } from '../core/manifest.ts';
import { controllerOf, isOfAnother } from '../core/ownership.ts';
import { titleOf } from '../core/plan/categories.ts';
import { STATUS_REASONS } from '../core/reasons.ts';
import type { ObjectKey, ResourceRef } from '../core/refs.ts';
import { parseObjectKey } from '../core/refs.ts';
import { trappedPod } from '../core/rollout/trapped-pod.ts';
import type { Unblocked } from '../core/rollout/unblock.ts';
import { readNumber } from '../core/health/read.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import type { Dependencies } from './dependencies.ts';
import { failureOf } from './failure.ts';
import { podsOf } from './owned-pods.ts';
import { claimantOf } from './ownership.ts';
import type { StepResult } from './reshape-stateful-set.ts';

/** Replaces the one pod of an old revision that holds up the StatefulSet; says why not when it must not, or not unasked. */
export async function unblockWorkload(
  { api, events }: Dependencies,
  resource: ResourceRef,
  key: ObjectKey,
  resourceUid: string,
  gate?: 'unasked',
): Promise<Unblocked> {
  const ref = parseObjectKey(key, resource.namespace);
  try {
    const live = await api.get(ref);
    if (!live || isOfAnother(live, claimantOf({ resource, uid: resourceUid })))
      return { replaced: false, why: '' };
    const pod = trappedPod(live, await podsOf(api, live), Date.now());
    if (!pod.found) return { replaced: false, why: pod.why };
    if (gate && pod.asksGate) return { replaced: false, why: '', asksGate: true };
    const refusal = await evict(api, live, pod);
    if (refusal) return { replaced: false, why: refusal };
    const regarding = await api.get(resource);
    const { info } = Context.current();
    if (regarding)
      events.record(
        { regarding, occurrence: `${info.workflowExecution?.runId} ${info.activityId} ${pod.uid}` },
        {
          type: 'Warning',
          reason: 'PodReplaced',
          action: 'Evict',
          note: `replaced pod ${pod.name} of ${titleOf(key)}, of an old revision, which held up the rollout: ${pod.why}`,
        },
      );
    return { replaced: true, pod: pod.name, replicas: readNumber(live, 'spec', 'replicas') ?? 1 };
  } catch (error) {
    throw failureOf(error, titleOf(key));
  }
}

/** Replaces a pod whose volume's file system grows when it starts. */
export async function restartPod(
  { api }: Dependencies,
  resource: ResourceRef,
  key: ObjectKey,
  pod: { readonly name: string; readonly uid: string },
): Promise<StepResult> {
  try {
    const live = await api.get(parseObjectKey(key, resource.namespace));
    const message = live && (await evict(api, live, pod));
    return message ? { done: false, reason: STATUS_REASONS.TooManyRequests, message } : { done: true };
  } catch (error) {
    throw failureOf(error, titleOf(key));
  }
}

/** Of a pod that the workload still controls. Answers with what a PodDisruptionBudget has against it. */
async function evict(
  api: KubernetesApi,
  { metadata: { namespace, uid: controller } }: Manifest,
  { name, uid }: { readonly name: string; readonly uid: string },
): Promise<string | undefined> {
  const ref = { group: '', kind: 'Pod', ...(namespace ? { namespace } : {}), name };
  const pod = await api.get(ref);
  if (!pod || pod.metadata.uid !== uid || controllerOf(pod)?.uid !== controller) return undefined;
  try {
    await api.evict(ref, { uid });
    return undefined;
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 429) throw error;
    const [cause] = error.causes;
    return `pod ${name} may not be replaced: ${cause?.message ?? error.message}`;
  }
}
