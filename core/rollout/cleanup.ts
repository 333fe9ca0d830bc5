/** How it went with the author's `onDelete`, and when it runs again. */
import { callAgainMs } from './call-again.ts';
import type { ReconcileState } from './state.ts';
import { rfc3339 } from './times.ts';

/** At first, and at most. */
const RUN_AGAIN_MS = [10_000, 600_000] as const;

export function foldCleanupFailed(
  state: ReconcileState,
  { reason, message }: { readonly reason: string; readonly message: string },
  now: number,
): ReconcileState {
  const attempts = (state.cleanup?.attempts ?? 0) + 1;
  const since = state.cleanup?.since ?? rfc3339(now);
  const retryAt = now + callAgainMs(reason, attempts, RUN_AGAIN_MS);
  return { ...state, cleanup: { reason, message, since, attempts, retryAt } };
}
