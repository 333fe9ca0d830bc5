import type { PlanAnswer } from '../activities/index.ts';
import { foldReread, rereadObjects } from '../core/rollout/reads.ts';
import type { ReconcileState } from '../core/rollout/state.ts';
import { currentTime } from './clock.ts';
import type { Inbox } from './inbox.ts';

/** Ends the pauses of operator code that had read what is another now. */
export function takeReread(
  answer: PlanAnswer | undefined,
  state: ReconcileState,
  inbox: Inbox,
): ReconcileState {
  const changed = answer && 'reread' in answer ? answer.reread : undefined;
  if (!changed) return state;
  const objects = rereadObjects(state, changed);
  if (objects.length > 0) inbox.add({ objects });
  return foldReread(state, changed, currentTime());
}
