/** What events tell of autoscalers: to whom replicas are left, and which of them cannot scale. Each once. */
import { titleOf } from '../plan/categories.ts';
import { OUR_REASONS } from '../reasons.ts';
import { scalersIn, scalersKnown } from '../rollout/scaling.ts';
import type { PlanView, ReconcileState, Told } from '../rollout/state.ts';
import type { Headline } from './news.ts';
import { troubledScalers } from './troubled-scalers.ts';

export type ScalersTold = Pick<Told, 'scalers' | 'troubled'>;

export function scalerNews(
  { told, ...state }: ReconcileState,
  plan: PlanView | undefined,
): { readonly news: readonly Headline[]; readonly told: ScalersTold } {
  const left = scalersIn(state.inventory);
  const taken = left.filter(({ key, by }) => told.scalers?.[key] !== by);
  const troubled = plan ? troubledScalers(plan.refs, state) : [];
  const failing = troubled.filter(({ key, reason }) => told.troubled?.[key] !== reason);
  const news: Headline[] = [];
  if (taken.length > 0) {
    const whose = taken.map(({ key, by }) => `${titleOf(key)} to ${by}`);
    const note = `left the replicas of ${whose.join(', ')}`;
    news.push({ type: 'Normal', reason: 'ReplicasHandedOver', action: 'Scale', note });
  }
  for (const { line } of failing) {
    const note = `${line}; its workload keeps the replicas that it has`;
    news.push({ type: 'Warning', reason: OUR_REASONS.AutoscalerFailed, action: 'Scale', note });
  }
  return {
    news,
    told: {
      ...(left.length > 0 ? { scalers: scalersKnown(state.inventory) } : {}),
      ...(troubled.length > 0
        ? { troubled: Object.fromEntries(troubled.map(({ key, reason }) => [key, reason])) }
        : {}),
    },
  };
}
