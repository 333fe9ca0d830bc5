/** How far a workload has come on its way through a rollout: its hooks and its gate. */
import type { ObjectKey } from '../refs.ts';
import type { Reads } from './reads.ts';
import { withRefusal } from './refusal.ts';
import type { Passage, PlanView, ReconcileState } from './state.ts';
import { without } from './state.ts';
import { callAgainMs } from './call-again.ts';
import { rfc3339 } from './times.ts';

export function foldPassage(state: ReconcileState, key: ObjectKey, passage: Passage): ReconcileState {
  if (!state.rollout) return state;
  const passages = { ...state.rollout.passages, [key]: { ...state.rollout.passages[key], ...passage } };
  return { ...state, rollout: { ...state.rollout, passages }, refusals: without(state.refusals, key) };
}

/** Records that a hook failed: it runs again ever more slowly, and its workload waits for it. */
export function foldHookFailed(
  state: ReconcileState,
  plan: PlanView,
  key: ObjectKey,
  failure: { readonly reason: string; readonly message: string; readonly read?: Reads },
  now: number,
): ReconcileState {
  const { digest } = plan.refs[key] ?? {};
  return digest === undefined ? state : withRefusal(state, { key, digest, ...failure, ofCall: true }, now);
}

/** That it is open, why it is closed, or how it failed. */
export type GateReply =
  | true
  | string
  /** With what the gate had read. */
  | { readonly why: string; readonly read: Reads }
  | { readonly failed: string; readonly reason: string; readonly read?: Reads };

const ASK_AGAIN_MS = [2_000, 60_000] as const;

/** Records what a gate answered, and when it is asked again: soon at first, then ever more slowly. */
export function foldGate(
  state: ReconcileState,
  key: ObjectKey,
  answer: GateReply,
  now: number,
): ReconcileState {
  if (answer === true) return foldPassage(state, key, { gate: 'open' });
  const known = state.rollout?.passages[key]?.gate;
  const before = known && known !== 'open' ? known : undefined;
  const attempts = (before?.attempts ?? 0) + 1;
  const { why, reason, read } = closedBy(answer);
  const askAgainAt = now + callAgainMs(reason, attempts, ASK_AGAIN_MS);
  const told = { why, since: before?.since ?? rfc3339(now), attempts, askAgainAt };
  return foldPassage(state, key, {
    gate: { ...told, ...(reason ? { reason } : {}), ...(read ? { read } : {}) },
  });
}

/** Why a gate is closed. */
export function closedBy(answer: Exclude<GateReply, true>): {
  readonly why: string;
  readonly reason?: string;
  readonly read?: Reads;
} {
  if (typeof answer === 'string') return { why: answer };
  if ('why' in answer) return answer;
  const { failed, ...rest } = answer;
  return { why: failed, ...rest };
}
