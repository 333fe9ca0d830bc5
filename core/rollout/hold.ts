/** What keeps a rollout from going on although nothing is wrong: somebody paused it, must approve it, or the time has not come. */
import { own } from '../own.ts';
import type { Orders, Pause } from '../commands/orders.ts';
import { isNamed, signature } from '../commands/orders.ts';
import type { PlannedRef } from '../plan/digests.ts';
import { isApproved, tokenOf } from './course.ts';
import { includes, NO_RULES, windowAt } from './rules.ts';
import { rfc3339 } from './times.ts';
import type { PlanView, ReconcileState, Rollout } from './state.ts';

export interface Hold {
  readonly reason:
    'Paused' | 'AwaitingApproval' | 'WindowClosed' | 'Baking' | 'RollbackImpossible' | 'OrderUnclear';
  readonly message: string;
  /** Epoch milliseconds at which it ends by itself. */
  readonly until?: number;
  /** What approves it. */
  readonly token?: string;
  /** The stage that is held. */
  readonly stage?: string;
}

/** The pause of the whole resource. */
export function wholePause(orders: Orders | undefined, now: number): Hold | undefined {
  return holdOfPause(pausesAt(orders, now).find(({ scope }) => scope === 'all'));
}

/** Whether a pause is about this very object, or its role. */
export function pauseOf(orders: Orders | undefined, ref: PlannedRef, now: number): Hold | undefined {
  return holdOfPause(
    pausesAt(orders, now).find(
      ({ scope }) =>
        typeof scope === 'object' &&
        ('role' in scope ? scope.role === ref.role : isNamed(ref.key, scope.object)),
    ),
  );
}

/** Whether no pod of it is to be replaced, by a pause of it or of all rollouts. */
export function podsPauseOf(orders: Orders | undefined, ref: PlannedRef, now: number): Hold | undefined {
  return (
    pauseOf(orders, ref, now) ?? holdOfPause(pausesAt(orders, now).find(({ scope }) => scope === 'rollouts'))
  );
}

export function pausesAt(orders: Orders | undefined, now: number): readonly Pause[] {
  return (orders?.pauses ?? []).filter(({ until }) => until === undefined || now < until);
}

function holdOfPause(pause: Pause | undefined): Hold | undefined {
  if (!pause) return undefined;
  const { until } = pause;
  return { reason: 'Paused', message: pauseLine(pause), ...(until === undefined ? {} : { until }) };
}

/** For example `role broker is paused until 2026-12-01T08:00Z by ann: audit`. */
export function pauseLine(pause: Pause): string {
  const { scope, until } = pause;
  const ends = until === undefined ? '' : ` until ${new Date(until).toISOString().slice(0, 16)}Z`;
  return `${subjectOf(scope)} paused${ends}${signature(pause)}`;
}

function subjectOf(scope: Pause['scope']): string {
  if (scope === 'all') return 'is';
  if (scope === 'rollouts') return 'rollouts are';
  return 'role' in scope ? `role ${scope.role} is` : `${scope.object} is`;
}

/** What keeps a stage from restarting pods now. A rollback and a first install wait for nobody. */
export function stageHold(
  stage: { readonly name: string; readonly role?: string | undefined },
  plan: PlanView,
  state: ReconcileState,
  now: number,
): Hold | undefined {
  const { orders = {}, rules = NO_RULES } = plan;
  const paused = holdOfPause(pausesAt(orders, now).find(({ scope }) => scope === 'rollouts'));
  if (paused) return paused;
  const trigger = state.rollout?.trigger ?? 'Change';
  if (trigger === 'Rollback' || trigger === 'Install') return undefined;
  const token = tokenOf(plan.digest, stage.name, 'stage');
  const asks = includes(rules.approval, stage.role) || includes(orders.approval, stage.role);
  if (asks && !isApproved(orders, token, now))
    return {
      reason: 'AwaitingApproval',
      message: `stage ${stage.name} waits for an approval (token ${token})`,
      token,
      stage: stage.name,
    };
  return windowHold(stage.name, plan, trigger, now);
}

function windowHold(
  stage: string,
  { digest, orders = {}, rules = NO_RULES }: PlanView,
  trigger: Rollout['trigger'],
  now: number,
): Hold | undefined {
  const { open, opens } = windowAt(rules, trigger, now);
  const token = tokenOf(digest, stage, 'window');
  if (open || isApproved(orders, token, now)) return undefined;
  const next = opens === undefined ? '' : `, the next opens ${new Date(opens).toISOString().slice(0, 16)}Z`;
  return {
    reason: 'WindowClosed',
    message: `stage ${stage} waits for a maintenance window${next} (token ${token} overrides)`,
    ...(opens === undefined ? {} : { until: opens }),
    token,
    stage,
  };
}

/** Until when a stage is watched that is through. */
export function bakedAt(
  role: string | undefined,
  { rules = NO_RULES }: PlanView,
  finishedAt: string,
): number {
  const { bakeMs = {} } = rules;
  return Date.parse(finishedAt) + (own(bakeMs, role ?? '*') ?? bakeMs['*'] ?? 0);
}

export function bakingHold(stage: string, until: number): Hold {
  return {
    reason: 'Baking',
    message: `stage ${stage} is Current, and watched until ${rfc3339(until)}`,
    until,
  };
}
