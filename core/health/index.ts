/**
 * Is it there yet? One verdict for one object, from its own fields and its pods' alone: the rules of kstatus, stricter where
 * a rollout that trusted them would go on too early, and with the pods' word where a workload cannot tell that it failed.
 * Pure: the time is given by the caller, and an object of any shape gets a verdict.
 */
import { bounded, LONGEST_PART } from '../bounded-text.ts';
import type { Manifest } from '../manifest.ts';
import { groupOf, kindName } from '../refs.ts';
import { cronJob } from './cron-job.ts';
import { customResourceDefinition } from './custom-resource-definition.ts';
import { daemonSet } from './daemon-set.ts';
import { deployment } from './deployment.ts';
import { commonVerdict, generic } from './generic.ts';
import type { Health, HealthOptions, HealthRule } from './health.ts';
import { horizontalPodAutoscaler } from './horizontal-pod-autoscaler.ts';
import { ingress } from './ingress.ts';
import { isSpent, job } from './job.ts';
import { persistentVolumeClaim } from './persistent-volume-claim.ts';
import { podDisruptionBudget } from './pod-disruption-budget.ts';
import { pod } from './pod.ts';
import { readText } from './read.ts';
import { replicaSet, withRefusedPods } from './replica-set.ts';
import { service } from './service.ts';
import { statefulSet } from './stateful-set.ts';

const RULES: ReadonlyMap<string, HealthRule> = new Map<string, HealthRule>([
  ['CronJob.batch', cronJob],
  ['CustomResourceDefinition.apiextensions.k8s.io', customResourceDefinition],
  ['DaemonSet.apps', daemonSet],
  ['Deployment.apps', deployment],
  ['HorizontalPodAutoscaler.autoscaling', horizontalPodAutoscaler],
  ['Ingress.networking.k8s.io', ingress],
  ['Job.batch', job],
  ['PersistentVolumeClaim', persistentVolumeClaim],
  ['Pod', pod],
  ['PodDisruptionBudget.policy', podDisruptionBudget],
  ['ReplicaSet.apps', replicaSet],
  ['Service', service],
  ['StatefulSet.apps', statefulSet],
]);

/**
 * The health of an object.
 *
 * @param pods the pods of a workload, where they are known; a verdict without them is never wrong, only later.
 */
export function health(
  object: Manifest,
  pods: readonly Manifest[] = [],
  options: HealthOptions = {},
): Health {
  const judged = withRefusedPods(commonVerdict(object) ?? ownVerdict(object, pods, options), options);
  const reason = bounded(judged.reason, LONGEST_PART);
  const verdict = { ...judged, reason, message: bounded(judged.message) };
  return isSpent(object) ? { ...verdict, spent: true } : verdict;
}

const ownVerdict: HealthRule = (object, pods, options) => {
  const kind = kindName({ group: groupOf(readText(object, 'apiVersion')), kind: readText(object, 'kind') });
  return (RULES.get(kind) ?? generic)(object, pods, options);
};
