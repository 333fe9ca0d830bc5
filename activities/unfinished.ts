/** Objects of which an activity could not finish one, though it finished others. */
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { titleOf } from '../core/plan/categories.ts';
import { isPassing } from '../core/reasons.ts';
import type { ObjectKey } from '../core/refs.ts';

/** Attempts in which an activity fails as a whole, so that what passes within seconds is seen by nobody. */
const SILENT_ATTEMPTS = 3;

/**
 * A failure that passes, as the result of the one object, so that those of the others are kept and the status says what is
 * tried again. Undefined in the first attempts, and for what concerns all of them: a stale plan, an attempt that is too late.
 */
export function unfinished(
  key: ObjectKey,
  failure: unknown,
): { readonly reason: string; readonly message: string } | undefined {
  if (Context.current().info.attempt <= SILENT_ATTEMPTS) return undefined;
  if (!(failure instanceof ApplicationFailure) || failure.nonRetryable) return undefined;
  const { type: reason, message } = failure;
  const title = `${titleOf(key)}: `;
  // What says nothing of its object is about the attempt.
  if (reason == null || !isPassing(reason) || !message.startsWith(title)) return undefined;
  return { reason, message: message.slice(title.length) };
}
