import type { Health, HealthRule } from './health.ts';
import { current, inProgress } from './health.ts';
import { readMany } from './read.ts';

/** Current once it exists, or once it has an address where that is asked for. */
export const ingress: HealthRule = (object, _, { requireIngressAddress = false }): Health =>
  requireIngressAddress && readMany(object, 'status', 'loadBalancer', 'ingress').length === 0
    ? inProgress('NoLoadBalancer', 'no ingress controller has given it an address yet')
    : current('it exists as applied');
