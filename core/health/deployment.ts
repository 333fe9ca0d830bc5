import type { Manifest } from '../manifest.ts';
import { unobserved } from './generic.ts';
import type { Health, HealthRule } from './health.ts';
import { current, failed, inProgress, suspended } from './health.ts';
import {
  conditionOf,
  phrase,
  read,
  readCount,
  readNumber,
  readText,
  readTime,
  trueCondition,
} from './read.ts';
import { replicaFailure } from './replica-set.ts';
import { withPods } from './workload.ts';

/** What `progressDeadlineSeconds` is when there is none; the controller then writes no condition Progressing. */
const NO_DEADLINE = 2 ** 31 - 1;

interface View {
  readonly wanted: number;
  readonly replicas: number;
  readonly updated: number;
  readonly ready: number;
  readonly available: number;
}

/** Like kstatus, but for a paused Deployment, which is Suspended and not on its way for ever. */
export const deployment: HealthRule = (object, pods, { now }): Health => {
  const view = viewOf(object);
  if (read(object, 'spec', 'paused') === true) return suspended('the Deployment is paused (spec.paused)');
  const verdict =
    unobserved(object) ??
    overdue(object, view) ??
    counted(view, replicaFailure(object, now)) ??
    concluded(object) ??
    current(`${view.wanted} of ${view.wanted} replicas available`);
  return withPods(verdict, { pods, now, isUpdated: newestRevision(view, pods), replaces: () => true });
};

function viewOf(object: Manifest): View {
  return {
    wanted: readNumber(object, 'spec', 'replicas') ?? 1,
    replicas: readCount(object, 'status', 'replicas'),
    updated: readCount(object, 'status', 'updatedReplicas'),
    ready: readCount(object, 'status', 'readyReplicas'),
    available: readCount(object, 'status', 'availableReplicas'),
  };
}

function overdue(object: Manifest, { wanted, available }: View): Health | undefined {
  const progressing = conditionOf(object, 'Progressing');
  if (progressing?.reason !== 'ProgressDeadlineExceeded') return undefined;
  const seconds = readNumber(object, 'spec', 'progressDeadlineSeconds') ?? 600;
  return failed(
    'ProgressDeadlineExceeded',
    `${available} of ${wanted} replicas available, no progress for ${seconds} s`,
  );
}

function counted(view: View, failure: Health | undefined): Health | undefined {
  const { wanted, replicas, updated, ready, available } = view;
  const progress = `${ready} of ${wanted} replicas ready`;
  if (replicas < wanted) return failure ?? inProgress('LessReplicas', progress);
  if (updated < wanted)
    return failure ?? inProgress('LessUpdated', `${updated} of ${wanted} replicas updated`);
  if (replicas > updated)
    return inProgress('ExtraPods', `${replicas - updated} old pods left, waiting for their end`);
  if (replicas > wanted)
    return inProgress('ExtraPods', `${replicas - wanted} pods too many, waiting for their end`);
  if (ready < wanted) return inProgress('LessReady', progress);
  if (available < updated) return inProgress('LessAvailable', `${available} of ${wanted} replicas available`);
  return undefined;
}

function concluded(object: Manifest): Health | undefined {
  if (!hasProgressed(object))
    return inProgress('ReplicaSetNotAvailable', 'the new ReplicaSet is not available yet');
  const available = conditionOf(object, 'Available');
  return available?.status === 'True'
    ? undefined
    : inProgress('NotAvailable', phrase(available?.message ?? '') || 'the Deployment is not available yet');
}

function hasProgressed(object: Manifest): boolean {
  if ((readNumber(object, 'spec', 'progressDeadlineSeconds') ?? NO_DEADLINE) === NO_DEADLINE) return true;
  return trueCondition(object, 'Progressing')?.reason === 'NewReplicaSetAvailable';
}

/**
 * A Deployment does not name the hash of its newest template; the youngest pods carry it, unless no pod of it exists yet.
 */
function newestRevision(
  { wanted, replicas, updated }: View,
  pods: readonly Manifest[],
): (pod: Manifest) => boolean {
  if (updated === 0 && wanted > 0 && replicas > 0) return () => false;
  if (updated >= replicas) return () => true;
  const born = (pod: Manifest): number => readTime(pod, 'metadata', 'creationTimestamp') ?? 0;
  const youngest = Math.max(...pods.map(born));
  const newest = new Set(pods.filter((pod) => born(pod) === youngest).map(hashOf));
  return (pod) => newest.has(hashOf(pod));
}

function hashOf(pod: Manifest): string {
  return readText(pod, 'metadata', 'labels', 'pod-template-hash');
}
