import type { Manifest } from '../manifest.ts';
import { unobserved } from './generic.ts';
import { afterGrace, REPLICA_FAILURE_GRACE_MS } from './grace.ts';
import type { Health, HealthOptions, HealthRule } from './health.ts';
import { current, inProgress } from './health.ts';
import { phrase, readCount, readNumber, trueCondition } from './read.ts';
import { withPods } from './workload.ts';

/** Failed when its pods cannot be created for longer than the grace; kstatus waits for ever. */
export const replicaSet: HealthRule = (object, pods, { now }): Health => {
  const verdict = unobserved(object) ?? replicaFailure(object, now) ?? counted(object);
  return withPods(verdict, { pods, now, isUpdated: () => true, replaces: () => false });
};

/** What the condition ReplicaFailure says: pods are refused by a quota, an admission webhook, a limit. */
export function replicaFailure(object: Manifest, now: number | undefined): Health | undefined {
  const failure = trueCondition(object, 'ReplicaFailure');
  if (!failure) return undefined;
  const message = `pods cannot be created${failure.message && `: ${phrase(failure.message)}`}`;
  return { ...afterGrace(failure.since, REPLICA_FAILURE_GRACE_MS, now), reason: 'ReplicaFailure', message };
}

/** The same of a workload that says it by events alone; a pod that is there and broken is the nearer cause. */
export function withRefusedPods(verdict: Health, { refusedPods, now }: HealthOptions): Health {
  if (!refusedPods || verdict.state !== 'InProgress') return verdict;
  const message = `${verdict.message}; pods cannot be created: ${phrase(refusedPods.message)}`;
  const grace = afterGrace(refusedPods.since, REPLICA_FAILURE_GRACE_MS, now);
  return { ...verdict, ...grace, reason: 'ReplicaFailure', message };
}

function counted(object: Manifest): Health {
  const wanted = readNumber(object, 'spec', 'replicas') ?? 1;
  const replicas = readCount(object, 'status', 'replicas');
  const ready = readCount(object, 'status', 'readyReplicas');
  const available = readCount(object, 'status', 'availableReplicas');
  const progress = `${ready} of ${wanted} replicas ready`;
  if (replicas < wanted) return inProgress('LessReplicas', progress);
  if (readCount(object, 'status', 'fullyLabeledReplicas') < wanted)
    return inProgress('LessLabeled', `a pod lacks labels of the template`);
  if (ready < wanted) return inProgress('LessReady', progress);
  if (available < wanted) return inProgress('LessAvailable', `${available} of ${wanted} replicas available`);
  if (replicas > wanted)
    return inProgress('ExtraPods', `${replicas - wanted} pods too many, waiting for their end`);
  return current(`${wanted} of ${wanted} replicas available`);
}
