/** How far a workload has come on its way through a rollout: its hooks and its gate. */
import type { ObjectKey } from '../refs.ts';
import type { Passage, ReconcileState } from './state.ts';
import { without } from './state.ts';
import { rfc3339 } from './times.ts';

export function foldPassage(state: ReconcileState, key: ObjectKey, passage: Passage): ReconcileState {
  if (!state.rollout) return state;
  const passages = { ...state.rollout.passages, [key]: { ...state.rollout.passages[key], ...passage } };
  return { ...state, rollout: { ...state.rollout, passages }, refusals: without(state.refusals, key) };
}

const FIRST_ASK_AGAIN_MS = 2_000;
const LONGEST_ASK_AGAIN_MS = 60_000;

/** Records what a gate answered, and when it is asked again: soon at first, then ever more slowly. */
export function foldGate(
  state: ReconcileState,
  key: ObjectKey,
  answer: true | string,
  now: number,
): ReconcileState {
  if (answer === true) return foldPassage(state, key, { gate: 'open' });
  const known = state.rollout?.passages[key]?.gate;
  const before = known && known !== 'open' ? known : undefined;
  const attempts = (before?.attempts ?? 0) + 1;
  const delay = Math.min(FIRST_ASK_AGAIN_MS * 2 ** (attempts - 1), LONGEST_ASK_AGAIN_MS);
  const gate = { why: answer, since: before?.since ?? rfc3339(now), attempts, askAgainAt: now + delay };
  return foldPassage(state, key, { gate });
}
