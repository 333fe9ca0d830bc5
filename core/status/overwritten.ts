/** A status that another hand changed is written again, whatever it says, and that is told. */
import { OUR_REASONS } from '../reasons.ts';
import type { Overwritten, ReconcileState, StatusSeen } from '../rollout/state.ts';
import type { Headline } from './news.ts';
import type { Condition } from './resource-status.ts';

export function foldOverwritten(state: ReconcileState, overwritten: Overwritten): ReconcileState {
  const { reported: _, ...rest } = state;
  return { ...rest, overwritten };
}

/** The status that accepts a plan was written: whatever was reported before is to be written again. */
export function foldAccepted(
  { reported: _, ...state }: ReconcileState,
  conditions: readonly Condition[],
  written: StatusSeen | undefined,
): ReconcileState {
  return { ...state, conditions, ...(written ? { written } : {}) };
}

/** Once the status is written again. */
export function foldWritten({ overwritten: _, ...state }: ReconcileState): ReconcileState {
  return state;
}

export function overwrittenNews({ overwritten }: ReconcileState): readonly Headline[] {
  if (!overwritten) return [];
  const { by } = overwritten;
  const who =
    by === undefined ? 'an earlier status of the operator arrived late' : `${by} changed the status`;
  return [
    {
      type: 'Warning',
      reason: OUR_REASONS.StatusOverwritten,
      action: 'Report',
      note: `${who}; it is written again`,
    },
  ];
}
