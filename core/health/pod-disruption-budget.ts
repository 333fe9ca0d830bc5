import { unobserved } from './generic.ts';
import type { Health, HealthRule } from './health.ts';
import { current } from './health.ts';

/** Current when its controller has counted the pods it guards. */
export const podDisruptionBudget: HealthRule = (object): Health =>
  unobserved(object) ?? current('it is observed');
