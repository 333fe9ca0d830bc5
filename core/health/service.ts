import type { Health, HealthRule } from './health.ts';
import { current, inProgress } from './health.ts';
import { readMany, readText } from './read.ts';

/** Current when it has its addresses; kstatus does not ask for that of the load balancer. */
export const service: HealthRule = (object): Health => {
  const type = readText(object, 'spec', 'type');
  if (type === 'ExternalName') return current('it is a name only');
  if (readText(object, 'spec', 'clusterIP') === '')
    return inProgress('NoClusterIP', 'it has no cluster IP yet');
  if (type === 'LoadBalancer' && readMany(object, 'status', 'loadBalancer', 'ingress').length === 0)
    return inProgress('NoLoadBalancer', 'its load balancer has no address yet');
  return current('it has its addresses');
};
