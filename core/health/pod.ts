import type { Health, HealthRule } from './health.ts';
import { current, inProgress } from './health.ts';
import { podTrouble } from './pod-trouble.ts';
import { conditionOf, readText } from './read.ts';

/** Current when Ready or Succeeded. A failed pod is Failed; kstatus calls it Current. */
export const pod: HealthRule = (object, _, { now }): Health => {
  const phase = readText(object, 'status', 'phase');
  if (phase === 'Succeeded') return current('the pod has completed');
  const trouble = podTrouble(object, now);
  if (trouble) return trouble;
  if (conditionOf(object, 'Ready')?.status === 'True') return current('the pod is ready');
  return inProgress('NotReady', phase ? `the pod is ${phase}` : 'no node has taken the pod yet');
};
