/**
 * The way out for a StatefulSet that one of its pods blocks. An ordered one waits for every pod to be ready before it replaces any,
 * also for the one that its new template would mend (kubernetes/kubernetes#67250). Every one fails at a pod that lacks the volume of
 * a claim template. Somebody must delete that pod; this says which.
 */
import { lackedClaim, ordinalOf } from '../health/claimed-volumes.ts';
import { podTrouble } from '../health/pod-trouble.ts';
import { conditionOf, readCount, readNumber, readText } from '../health/read.ts';
import { REVISION_LABEL } from '../health/stateful-set.ts';
import type { Manifest } from '../manifest.ts';

export type TrappedPod =
  | {
      readonly found: true;
      readonly name: string;
      readonly uid: string;
      readonly why: string;
      /** It is well, others were replaced before it, and so the gate decides when it goes. */
      readonly asksGate?: true;
    }
  /** Why none may be replaced now; empty when nothing is trapped. */
  | { readonly found: false; readonly why: string };

/**
 * Never a healthy pod that its controller replaces by itself, never one that would come back as it was, and one after the other:
 * none while another is missing or starts. The lowest goes first, because the pods after it are not even created before it is ready.
 */
export function trappedPod(statefulSet: Manifest, pods: readonly Manifest[], now: number): TrappedPod {
  const { updateRevision, firstUpdated, wanted, strategy } = viewOf(statefulSet);
  if (isUnobserved(statefulSet) || updateRevision === '')
    return none('its controller has not seen the new template yet');
  if (strategy !== 'RollingUpdate')
    return none(`its update strategy is ${strategy}: its pods are deleted by people`);
  const lacks = (pod: Manifest): boolean => lackedClaim(statefulSet, pod) !== undefined;
  const old = pods.filter(
    (pod) => readText(pod, 'metadata', 'labels', REVISION_LABEL) !== updateRevision || lacks(pod),
  );
  const isBroken = (pod: Manifest): boolean =>
    ordinalOf(pod.metadata.name) >= firstUpdated && podTrouble(pod, now)?.state === 'Failed';
  const [first] = old
    .filter((pod) => !isLeaving(pod) && (lacks(pod) || isBroken(pod)))
    .toSorted((a, b) => ordinalOf(a.metadata.name) - ordinalOf(b.metadata.name));
  if (!first) return none('');
  const starting = pods.find((pod) => isLeaving(pod) || (!old.includes(pod) && !isReady(pod)));
  if (starting) return none(`pod ${starting.metadata.name} comes first: one pod is replaced at a time`);
  // One that is missing behind the broken pod is made when that is ready; one before it is being made.
  const lowest = ordinalOf(first.metadata.name);
  const below = new Set(
    pods.map(({ metadata }) => ordinalOf(metadata.name)).filter((ordinal) => ordinal < lowest),
  );
  const missing = lowest - readCount(statefulSet, 'spec', 'ordinals', 'start') - below.size;
  if (missing > 0)
    return none(`${missing} of ${wanted} pods are yet to be made: one pod is replaced at a time`);
  const claim = lackedClaim(statefulSet, first);
  const trouble = podTrouble(first, now)?.message;
  const why = claim ? `it lacks the volume of claim template ${claim}` : (trouble ?? 'it does not get ready');
  const asksGate = claim !== undefined && isReady(first) && old.length < pods.length;
  const { name, uid = '' } = first.metadata;
  return { found: true, name, uid, why, ...(asksGate ? { asksGate } : {}) };
}

function viewOf(statefulSet: Manifest): {
  readonly updateRevision: string;
  /** The lowest ordinal that gets the new template. */
  readonly firstUpdated: number;
  readonly wanted: number;
  readonly strategy: string;
} {
  const start = readCount(statefulSet, 'spec', 'ordinals', 'start');
  return {
    updateRevision: readText(statefulSet, 'status', 'updateRevision'),
    firstUpdated: start + readCount(statefulSet, 'spec', 'updateStrategy', 'rollingUpdate', 'partition'),
    wanted: readNumber(statefulSet, 'spec', 'replicas') ?? 1,
    strategy: readText(statefulSet, 'spec', 'updateStrategy', 'type') || 'RollingUpdate',
  };
}

function isUnobserved(statefulSet: Manifest): boolean {
  return readCount(statefulSet, 'status', 'observedGeneration') < (statefulSet.metadata.generation ?? 0);
}

function isLeaving({ metadata }: Manifest): boolean {
  return metadata.deletionTimestamp !== undefined;
}

function isReady(pod: Manifest): boolean {
  return conditionOf(pod, 'Ready')?.status === 'True';
}

function none(why: string): TrappedPod {
  return { found: false, why };
}
