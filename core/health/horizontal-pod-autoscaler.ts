import type { Health, HealthRule } from './health.ts';
import { current, failed, inProgress } from './health.ts';
import { conditionOf, phrase } from './read.ts';

/** Failed when it cannot read its metrics. A rollout never waits for it: without metrics it merely does not scale. */
export const horizontalPodAutoscaler: HealthRule = (object): Health => {
  const active = conditionOf(object, 'ScalingActive');
  if (active?.status === 'False' && /^FailedGet|^InvalidSelector$/.test(active.reason))
    return failed(active.reason, phrase(active.message) || 'it cannot read its metrics');
  const able = conditionOf(object, 'AbleToScale');
  if (able?.status === 'True') return current('it is able to scale');
  return able
    ? inProgress(able.reason || 'NotAbleToScale', phrase(able.message) || 'it is not able to scale')
    : inProgress('NotObserved', 'its controller has not seen it yet');
};
