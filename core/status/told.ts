/** What events have told of a resource, as its status shows it: a workflow that knows nothing tells none of it again. */
import { OUR_REASONS } from '../reasons.ts';
import type { Told } from '../rollout/state.ts';
import type { ResourceStatus } from './resource-status.ts';

const TROUBLE: readonly string[] = [OUR_REASONS.DependencyNotReady, OUR_REASONS.ForegroundDeletion];

export function toldBy({ conditions = [], rollout }: Partial<ResourceStatus>): Told {
  const find = (type: string): (typeof conditions)[number] | undefined =>
    conditions.find((condition) => condition.type === type && condition.status !== 'Unknown');
  const stalled = find('Stalled');
  const ready = conditions.find(({ type }) => type === 'Ready')?.reason ?? '';
  const trouble = stalled?.status === 'True' ? stalled.reason : TROUBLE.find((reason) => reason === ready);
  const order = find(OUR_REASONS.OrderUnclear)?.message;
  return {
    ...(rollout ? { rollout } : {}),
    ...(trouble ? { trouble } : {}),
    ...(order === undefined ? {} : { order }),
  };
}
