/** What events tell of a rollout: that it started, each stage, that it is complete; and of trouble, once. */
import { OUR_REASONS } from '../reasons.ts';
import type { PlanView, Told } from '../rollout/state.ts';
import { commandNews } from './command-news.ts';
import { subjectOf } from './pending-approvals.ts';
import type { Verdict } from './verdict.ts';
import type { ResourceStatus, RolloutReport } from './resource-status.ts';

export interface Headline {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly action: string;
  readonly note: string;
}

export function newsOf(
  told: Told,
  status: ResourceStatus,
  verdict: Verdict,
  plan: PlanView | undefined,
  now: number,
): { readonly news: readonly Headline[]; readonly told: Told } {
  const asked = commandNews(told, plan?.orders, now);
  const why = status.memory?.quarantine?.message;
  const news = [
    ...asked.news,
    ...(status.rollout
      ? rolloutNews(told.rollout, status.rollout, { why, isTogether: plan?.firstInstall !== 'ordered' })
      : []),
  ];
  const isStalled = verdict.phase === 'Stalled' || verdict.reason === OUR_REASONS.ForegroundDeletion;
  const isTrouble = isStalled || verdict.reason === OUR_REASONS.DependencyNotReady;
  if (isTrouble && told.trouble !== verdict.reason)
    news.push({
      type: isStalled ? 'Warning' : 'Normal',
      reason: verdict.reason,
      action: 'Reconcile',
      note: verdict.message,
    });
  const order = status.conditions.find(({ type }) => type === OUR_REASONS.OrderUnclear)?.message;
  const isTold = order === undefined || order === told.order || verdict.reason === OUR_REASONS.OrderUnclear;
  if (!isTold) news.push({ type: 'Warning', reason: OUR_REASONS.OrderUnclear, action: 'Plan', note: order });
  return {
    news,
    told: {
      ...(order === undefined ? {} : { order }),
      ...(status.rollout ? { rollout: status.rollout } : {}),
      ...(isTrouble ? { trouble: verdict.reason } : {}),
      ...(Object.keys(asked.commands).length > 0 ? { commands: asked.commands } : {}),
    },
  };
}

function rolloutNews(
  before: RolloutReport | undefined,
  now: RolloutReport,
  { why: quarantine, isTogether }: { readonly why: string | undefined; readonly isTogether: boolean },
): Headline[] {
  const known =
    before?.generation === now.generation && before.startedAt === now.startedAt ? before : undefined;
  const what = WORDS[now.trigger];
  const name = now.trigger === 'Rollback' ? 'Rollback' : 'Rollout';
  const news: Headline[] = [];
  const why = now.trigger === 'Rollback' && quarantine ? ` (${quarantine})` : '';
  if (!known)
    news.push(
      headline(`${name}Started`, `${what} of generation ${now.generation}${why}: ${order(now, isTogether)}`),
    );
  // The stages of a parallel install begin together, and what is told of each would be told of all.
  const stages = now.trigger === 'Install' && isTogether ? [] : now.stages;
  for (const [index, stage] of stages.entries()) {
    const past = known?.stages[index];
    if (stage.startedAt && !past?.startedAt)
      news.push(headline('StageStarted', `stage ${stage.name} started`));
    if (stage.finishedAt && !past?.finishedAt)
      news.push(headline('StageCompleted', `stage ${stage.name} is current after ${stage.seconds ?? 0} s`));
  }
  for (const asked of now.pendingApprovals ?? [])
    if (!known?.pendingApprovals?.some((past) => past.token === asked.token))
      news.push(
        headline('ApprovalRequested', `${subjectOf(asked, 'all')} (${asked.reason}): token ${asked.token}`),
      );
  if (now.finishedAt && !known?.finishedAt)
    news.push(
      headline(
        `${name}Completed`,
        `${what} of generation ${now.generation} is complete after ${now.seconds ?? 0} s`,
      ),
    );
  return news;
}

const WORDS: Readonly<Record<RolloutReport['trigger'], string>> = {
  Install: 'install',
  Change: 'upgrade',
  Configuration: 'new configuration',
  Restart: 'restart',
  Runtime: 'update of the operator for the objects',
  Rollback: 'rollback',
};

function order({ stages, trigger }: RolloutReport, isTogether: boolean): string {
  if (trigger === 'Install' && isTogether)
    return `${stages.map(({ name }) => name).join(', ') || 'all'} together`;
  return stages.length > 0 ? stages.map(({ name }) => name).join(', then ') : 'no order to keep';
}

function headline(reason: string, note: string): Headline {
  return { type: 'Normal', reason, action: 'Rollout', note };
}
