import type { Manifest } from '../manifest.ts';
import { unobserved } from './generic.ts';
import type { Health, HealthRule } from './health.ts';
import { current, inProgress, lagging } from './health.ts';
import { readCount, readNumber, readText } from './read.ts';
import { withPods } from './workload.ts';

/** On pods, by the StatefulSet controller. */
export const REVISION_LABEL = 'controller-revision-hash';

interface View {
  readonly wanted: number;
  readonly replicas: number;
  readonly ready: number;
  readonly available: number;
  readonly updated: number;
  readonly partition: number;
  readonly minReadySeconds: number;
  /** `spec.ordinals.start`: the partition counts pods, not their names. */
  readonly firstOrdinal: number;
  readonly strategy: string;
  readonly parallel: boolean;
  readonly currentRevision: string;
  readonly updateRevision: string;
}

/**
 * Stricter than kstatus, which takes the partition that the API server defaults to 0 for a partitioned rollout and never
 * compares revisions, calls OnDelete always Current, and does not look at `availableReplicas`.
 */
export const statefulSet: HealthRule = (object, pods, { now }): Health => {
  const view = viewOf(object);
  const isUpdated = (pod: Manifest): boolean =>
    view.updateRevision === '' || revisionOf(pod) === view.updateRevision;
  const verdict = unobserved(object) ?? counted(view) ?? rolled(view, pods.filter(isKept).every(isUpdated));
  const ready = current(`${view.wanted} of ${view.wanted} replicas ready`);
  return withPods(verdict ?? (view.updated < view.wanted ? lagging(ready) : ready), {
    pods,
    now,
    isUpdated,
    replaces: (pod) => replacesByItself(view, pod),
  });
};

function viewOf(object: Manifest): View {
  return {
    wanted: readNumber(object, 'spec', 'replicas') ?? 1,
    replicas: readCount(object, 'status', 'replicas'),
    ready: readCount(object, 'status', 'readyReplicas'),
    available: readCount(object, 'status', 'availableReplicas'),
    updated: readCount(object, 'status', 'updatedReplicas'),
    partition: readCount(object, 'spec', 'updateStrategy', 'rollingUpdate', 'partition'),
    minReadySeconds: readCount(object, 'spec', 'minReadySeconds'),
    firstOrdinal: readCount(object, 'spec', 'ordinals', 'start'),
    strategy: readText(object, 'spec', 'updateStrategy', 'type'),
    parallel: readText(object, 'spec', 'podManagementPolicy') === 'Parallel',
    currentRevision: readText(object, 'status', 'currentRevision'),
    updateRevision: readText(object, 'status', 'updateRevision'),
  };
}

function counted({ wanted, replicas, ready, available, minReadySeconds }: View): Health | undefined {
  const progress = `${ready} of ${wanted} replicas ready`;
  if (replicas < wanted) return inProgress('LessReplicas', progress);
  if (ready < wanted) return inProgress('LessReady', progress);
  if (replicas > wanted)
    return inProgress('ExtraPods', `${replicas - wanted} pods too many, waiting for their end`);
  if (minReadySeconds > 0 && available < wanted)
    return inProgress('LessAvailable', `${available} of ${wanted} replicas ready for ${minReadySeconds} s`);
  return undefined;
}

function rolled(view: View, podsAreUpdated: boolean): Health | undefined {
  const { wanted, updated, strategy, partition, currentRevision, updateRevision } = view;
  const onDelete = strategy === 'OnDelete';
  const due = onDelete ? wanted : Math.max(0, wanted - partition);
  if (updated < due) return inProgress('LessUpdated', `${updated} of ${due} replicas updated`);
  if (onDelete && !podsAreUpdated)
    return inProgress(
      'RevisionMismatch',
      `a pod is not of revision ${updateRevision}; it is replaced when it is deleted`,
    );
  if (!onDelete && partition === 0 && currentRevision !== updateRevision)
    return inProgress('RevisionMismatch', `revision ${updateRevision} is not the current one yet`);
  return undefined;
}

function isKept(pod: Manifest): boolean {
  return readText(pod, 'metadata', 'deletionTimestamp') === '';
}

function revisionOf(pod: Manifest): string {
  return readText(pod, 'metadata', 'labels', REVISION_LABEL);
}

/**
 * An ordered StatefulSet waits for every pod to be ready before it replaces any, so an old pod that crashes traps the rollout
 * that would mend it (kubernetes/kubernetes#67250). Behind the partition, and with OnDelete, nothing is replaced either.
 */
function replacesByItself(
  { strategy, parallel, partition, wanted, firstOrdinal }: View,
  pod: Manifest,
): boolean {
  if (strategy === 'Recreate') return true;
  const ordinal = Number(/-(\d+)$/.exec(readText(pod, 'metadata', 'name'))?.[1] ?? wanted);
  return parallel && strategy !== 'OnDelete' && ordinal - firstOrdinal >= partition;
}
