import type { Health, HealthRule } from './health.ts';
import { current, failed, inProgress } from './health.ts';
import { conditionOf, phrase, trueCondition } from './read.ts';

/** Current when its kind is served. */
export const customResourceDefinition: HealthRule = (object): Health => {
  const names = conditionOf(object, 'NamesAccepted');
  if (names?.status === 'False')
    return failed(
      names.reason || 'NamesNotAccepted',
      phrase(names.message) || 'its names are taken by another one',
    );
  return names?.status === 'True' && trueCondition(object, 'Established')
    ? current('its kind is served')
    : inProgress('Installing', 'its kind is not served yet');
};
