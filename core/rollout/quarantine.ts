/** When a rollout is given up by itself: its policy says so, a stage is past its deadline, and there is something to go back to. */
import { titleOf } from '../plan/categories.ts';
import type { Quarantine } from './course.ts';
import { isQuarantined, rollbackTarget, unableOf } from './course.ts';
import { changeOf } from './change.ts';
import { deadlineOf } from './deadlines.ts';
import { NO_RULES } from './rules.ts';
import type { PlanView, ReconcileState } from './state.ts';
import { rfc3339 } from './times.ts';

export function quarantineAt(plan: PlanView, state: ReconcileState, now: number): Quarantine | undefined {
  const { rules = NO_RULES, newest, course } = plan;
  const { rollout } = state;
  if (!rules.rollsBack || !newest || !rollout || course?.kind === 'rolledBack') return undefined;
  // One that cannot be carried out is given up once, and not again at each look.
  if (unableOf(course) !== undefined || isQuarantined(state, newest)) return undefined;
  if (rollout.trigger === 'Install' || !rollbackTarget(state, newest)) return undefined;
  const overdue = Object.values(plan.refs).find((ref) => {
    const entry = state.inventory[ref.key];
    // Only what was changed can be at fault: a stage that waits for a window or a person is not overdue.
    const isRolled = ref.template !== undefined && changeOf(ref, entry) === 'none';
    return isRolled && entry?.health !== undefined && (deadlineOf(ref.key, plan, state) ?? Infinity) <= now;
  });
  if (!overdue) return undefined;
  const trouble = state.unhealthy[overdue.key];
  const message = `${titleOf(overdue.key)} is not Current within ${Math.round(plan.stageDeadlineMs / 1000)} s${trouble ? `: ${trouble.message}` : ''}`;
  const retry = plan.orders?.retry?.token;
  return {
    generation: newest.generation,
    message,
    since: rfc3339(now),
    ...(retry === undefined ? {} : { retry }),
  };
}
