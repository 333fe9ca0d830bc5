/** What events tell of people's commands: who approved, paused, resumed; and what could not be read. */
import type { Orders } from '../commands/orders.ts';
import { signature } from '../commands/orders.ts';
import { approvalsAt } from '../rollout/course.ts';
import { pauseLine, pausesAt } from '../rollout/hold.ts';
import type { Told } from '../rollout/state.ts';
import type { Headline } from './news.ts';
import { subjectOf } from './pending-approvals.ts';

/** What was last told of commands. */
export interface CommandsTold {
  readonly paused?: string;
  readonly unreadable?: string;
}

/** @param now epoch milliseconds. */
export function commandNews(
  told: Told,
  orders: Orders = {},
  now: number,
): { readonly news: readonly Headline[]; readonly commands: CommandsTold } {
  const news: Headline[] = [];
  const paused = pausesAt(orders, now).map(pauseLine).join('; ');
  const unreadable = (orders.unreadable ?? []).join('; ');
  if (paused && paused !== told.commands?.paused) news.push(command('Normal', 'Paused', paused));
  if (!paused && told.commands?.paused) news.push(command('Normal', 'Resumed', 'no pause is left'));
  if (unreadable && unreadable !== told.commands?.unreadable)
    news.push(command('Warning', 'CommandUnreadable', `${unreadable}; it is ignored`));
  for (const asked of told.rollout?.pendingApprovals ?? []) {
    const given = approvalsAt(orders, now).find((each) => each.token === asked.token);
    const what = subjectOf(asked, 'the update of the operator');
    if (given) news.push(command('Normal', 'ApprovalGranted', `${what} is approved${signature(given)}`));
  }
  return { news, commands: { ...(paused ? { paused } : {}), ...(unreadable ? { unreadable } : {}) } };
}

function command(type: Headline['type'], reason: string, note: string): Headline {
  return { type, reason, action: 'Command', note };
}
