import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { InvalidResource } from '../api/invalid.ts';
import { bounded, LONGEST_MESSAGE } from '../core/bounded-text.ts';
import { InvalidAnswer } from '../core/operator-answers.ts';
import type { Reason } from '../core/reasons.ts';
import { thrownAt } from '../core/thrown-at.ts';
import { StatusError } from '../kubernetes/status-error.ts';

/**
 * The failure that Temporal keeps for an error: the reason as its type, one sentence, no body and no stack of ours that
 * could carry a value. Transient ones are retried, after what the server asked for.
 */
export function failureOf(error: unknown, subject: string): Error {
  if (error instanceof ApplicationFailure) return error;
  if (error instanceof StatusError)
    return ApplicationFailure.create({
      type: error.reason,
      message: `${subject}: ${error.message}`,
      nonRetryable: !error.isTransient,
      category: ApplicationFailureCategory.BENIGN,
      ...(error.retryAfterMs === undefined ? {} : { nextRetryDelay: error.retryAfterMs }),
    });
  return error instanceof Error ? error : new Error(String(error));
}

/** The plan was made of something that is no more: the workflow plans again. */
export function planStale(message: string): ApplicationFailure {
  return stop('PlanStale', message);
}

/** A failure that asking again cannot cure. */
export function stop(type: Reason, message: string, details: readonly unknown[] = []): ApplicationFailure {
  return ApplicationFailure.create({
    type,
    message,
    nonRetryable: true,
    category: ApplicationFailureCategory.BENIGN,
    ...(details.length > 0 ? { details: [...details] } : {}),
  });
}

/**
 * What operator code threw, in words for the resource's status.
 *
 * @param redact strikes credentials out of the whole text, before it is cut.
 */
export function explain(error: unknown, redact: (text: string) => string = (text) => text): string {
  if (error instanceof InvalidResource || error instanceof InvalidAnswer)
    return bounded(redact(error.message));
  return bounded(redact(error instanceof Error ? `${error.name}: ${error.message}` : String(error)));
}

/** The same with the file and the line, where it was thrown by mistake; a refusal names the field of the resource instead. */
export function explainPlace(error: unknown): string {
  const message = explain(error);
  const place = error instanceof InvalidResource ? undefined : thrownAt(error);
  if (place === undefined) return message;
  const suffix = ` (at ${place})`;
  return `${bounded(message, LONGEST_MESSAGE - suffix.length)}${suffix}`;
}
