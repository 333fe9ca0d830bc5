import type { Manifest } from '../manifest.ts';
import type { Health, HealthRule } from './health.ts';
import { current, failed, inProgress } from './health.ts';
import { quantity } from './quantity.ts';
import { phrase, read, readText, trueCondition } from './read.ts';

/** The scheduler writes it once a pod that uses the claim has a node: from then on there is something to wait for. */
const SELECTED_NODE = 'volume.kubernetes.io/selected-node';

/** Current when bound and as large as asked for; kstatus and Argo CD stop at bound. */
export const persistentVolumeClaim: HealthRule = (object, _, { waitForFirstConsumer = false }): Health => {
  const phase = readText(object, 'status', 'phase');
  if (phase === 'Lost') return failed('Lost', `its volume ${readText(object, 'spec', 'volumeName')} is gone`);
  if (phase === 'Bound') return resize(object) ?? current('it is bound');
  const node = readText(object, 'metadata', 'annotations', SELECTED_NODE);
  if (node !== '') return inProgress('Provisioning', `a volume is being made for node ${node}`);
  if (waitForFirstConsumer) return current('it is bound when the first pod uses it');
  const storageClass = readText(object, 'spec', 'storageClassName');
  return inProgress('Pending', `no volume yet${storageClass && ` of storage class ${storageClass}`}`);
};

function resize(object: Manifest): Health | undefined {
  const wanted = readText(object, 'spec', 'resources', 'requests', 'storage');
  const has = readText(object, 'status', 'capacity', 'storage');
  const growth = `${has || 'unknown'} of ${wanted} there`;
  const state = readText(object, 'status', 'allocatedResourceStatuses', 'storage');
  if (/Infeasible$|Failed$/.test(state))
    return failed('ResizeFailed', `${growth}: ${state}; lower the request or resize by hand`);
  for (const type of ['ControllerResizeError', 'NodeResizeError', 'FileSystemResizePending', 'Resizing']) {
    const condition = trueCondition(object, type);
    if (condition)
      return inProgress(type, `${growth}${condition.message && `: ${phrase(condition.message)}`}`);
  }
  const asked = quantity(read(object, 'spec', 'resources', 'requests', 'storage'));
  const capacity = quantity(read(object, 'status', 'capacity', 'storage')) ?? 0;
  return asked !== undefined && capacity < asked ? inProgress('Resizing', growth) : undefined;
}
