import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { bounded, LONGEST_PART } from '../core/bounded-text.ts';

/** Frames of a stack trace that a history keeps. */
const MOST_FRAMES = 20;
const FRAME = /^\s+at /;

/**
 * Bounds what an activity fails with. A failure goes into the history whole, with its message, its stack trace (which repeats
 * the message), its details and its causes: megabytes of them make a history that no worker can read.
 */
export const boundFailures: ActivityInterceptorsFactory = () => ({
  inbound: {
    async execute(input, next): Promise<unknown> {
      try {
        return await next(input);
      } catch (error) {
        throw boundedFailure(error);
      }
    },
  },
});

/** The failure with its type, its retry policy and the beginning of its message; details and causes may hold anything, and go. */
export function boundedFailure(error: unknown): unknown {
  const isCancellation =
    error instanceof CancelledFailure || (error instanceof Error && error.name === 'AbortError');
  // The SDK knows a cancellation by the error itself.
  if (isCancellation) return error;
  const known = error instanceof ApplicationFailure ? error : undefined;
  const thrown = error instanceof Error ? error : new Error(String(error));
  const message = bounded(String(thrown.message));
  const failure = ApplicationFailure.create({
    message,
    type: bounded(known?.type ?? thrown.name, LONGEST_PART),
    nonRetryable: known?.nonRetryable ?? false,
    ...(known?.category == null ? {} : { category: known.category }),
    ...(known?.nextRetryDelay == null ? {} : { nextRetryDelay: known.nextRetryDelay }),
  });
  failure.stack = [`${thrown.name}: ${message}`, ...framesOf(thrown)].join('\n');
  return failure;
}

function framesOf({ stack = '' }: Error): readonly string[] {
  const frames = stack.split('\n').filter((line) => FRAME.test(line));
  return frames.slice(0, MOST_FRAMES).map((frame) => bounded(frame, LONGEST_PART));
}
