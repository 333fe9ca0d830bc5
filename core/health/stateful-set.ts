import type { Manifest } from '../manifest.ts';
import { lackedClaim, ordinalOf } from './claimed-volumes.ts';
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
  const kept = pods.filter(isKept);
  const lacking = lackingPod(object, kept);
  const isUpdated = (pod: Manifest): boolean =>
    (view.updateRevision === '' || revisionOf(pod) === view.updateRevision) && !lackedClaim(object, pod);
  const verdict =
    unobserved(object) ??
    counted(view) ??
    rolled(
      view,
      kept.filter((pod) => !isUpdated(pod)),
    ) ??
    lacking;
  const ready = current(`${view.wanted} of ${view.wanted} replicas ready`);
  const judged = withPods(verdict ?? (view.updated < view.wanted ? lagging(ready) : ready), {
    pods,
    now,
    isUpdated,
    replaces: (pod) => replacesByItself(view, pod) && !lackedClaim(object, pod),
  });
  if (!lacking || judged.state !== 'InProgress') return judged;
  const message = verdict === lacking ? judged.message : `${judged.message}; ${lacking.message}`;
  return { ...judged, reason: lacking.reason, message };
};

/** The lowest pod that only another pod can take the place of, since it lacks a volume. */
function lackingPod(object: Manifest, pods: readonly Manifest[]): Health | undefined {
  const [lowest] = pods
    .flatMap((pod) => {
      const claim = lackedClaim(object, pod);
      return claim === undefined ? [] : [{ name: readText(pod, 'metadata', 'name'), claim }];
    })
    .toSorted((one, other) => ordinalOf(one.name) - ordinalOf(other.name));
  if (!lowest) return undefined;
  const { name, claim } = lowest;
  return inProgress(
    'RolloutTrapped',
    `pod ${name} lacks the volume of claim template ${claim}, which only a new pod can have`,
  );
}

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

function rolled(view: View, old: readonly Manifest[]): Health | undefined {
  const { wanted, updated, strategy, partition, currentRevision, updateRevision } = view;
  const onDelete = strategy === 'OnDelete';
  const due = onDelete ? wanted : Math.max(0, wanted - partition);
  if (onDelete && (updated < due || old.length > 0)) return awaitingDeletion(view, old);
  if (updated < due) return inProgress('LessUpdated', `${updated} of ${due} replicas updated`);
  if (!onDelete && partition === 0 && currentRevision !== updateRevision)
    return inProgress('RevisionMismatch', `revision ${updateRevision} is not the current one yet`);
  return undefined;
}

/** Nobody but a person replaces these pods: the message says which. */
function awaitingDeletion({ wanted, updated }: View, old: readonly Manifest[]): Health {
  const names = old.map((pod) => readText(pod, 'metadata', 'name')).sort();
  const which = names.length > 0 ? `delete ${listed(names)}` : 'delete the others';
  return inProgress(
    updated < wanted ? 'LessUpdated' : 'RevisionMismatch',
    `${updated} of ${wanted} replicas updated; updateStrategy is OnDelete, so a pod is replaced when somebody deletes it: ${which}`,
  );
}

function listed(names: readonly string[]): string {
  return names.length > 4
    ? `${names.slice(0, 4).join(', ')} and ${names.length - 4} more pods`
    : names.length === 1
      ? `pod ${names[0]}`
      : `pods ${names.join(', ')}`;
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
  const ordinal = ordinalOf(readText(pod, 'metadata', 'name'));
  const index = ordinal < 0 ? wanted : ordinal - firstOrdinal;
  return parallel && strategy !== 'OnDelete' && index >= partition;
}
