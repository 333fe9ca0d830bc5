import type { Manifest } from '../manifest.ts';
import { unobserved } from './generic.ts';
import type { Health, HealthRule } from './health.ts';
import { current, inProgress } from './health.ts';
import { readCount, readText } from './read.ts';
import { withPods } from './workload.ts';

/** The API server counts templates here, and the controller labels each pod with the count it was made from. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';

/** Current when every node that wants a pod has a new and available one; with OnDelete too, where kstatus asks nothing. */
export const daemonSet: HealthRule = (object, pods, { now }): Health => {
  const generation = readText(object, 'metadata', 'annotations', TEMPLATE_GENERATION);
  const onDelete = readText(object, 'spec', 'updateStrategy', 'type') === 'OnDelete';
  return withPods(unobserved(object) ?? counted(object), {
    pods,
    now,
    isUpdated: (pod) => isOfTemplate(pod, generation),
    replaces: () => !onDelete,
  });
};

function counted(object: Manifest): Health {
  const wanted = readCount(object, 'status', 'desiredNumberScheduled');
  const scheduled = readCount(object, 'status', 'currentNumberScheduled');
  const updated = readCount(object, 'status', 'updatedNumberScheduled');
  const ready = readCount(object, 'status', 'numberReady');
  const available = readCount(object, 'status', 'numberAvailable');
  if (scheduled < wanted) return inProgress('LessReplicas', `${scheduled} of ${wanted} nodes have a pod`);
  if (updated < wanted) return inProgress('LessUpdated', `${updated} of ${wanted} pods updated`);
  if (ready < wanted) return inProgress('LessReady', `${ready} of ${wanted} pods ready`);
  if (available < wanted) return inProgress('LessAvailable', `${available} of ${wanted} pods available`);
  return current(`${wanted} of ${wanted} pods available`);
}

function isOfTemplate(pod: Manifest, generation: string): boolean {
  const label = readText(pod, 'metadata', 'labels', 'pod-template-generation');
  return generation === '' || label === '' || label === generation;
}
