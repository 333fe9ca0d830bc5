import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { STATUS_REASONS } from '../core/reasons.ts';
import { REQUEST_TIMEOUT_MS } from '../kubernetes/transport.ts';
import { pulseOfAttempt } from './heartbeat.ts';

/** Called as each write is about to be sent. @throws ApplicationFailure when the attempt is so late that another may be under way. */
export type SendingFence = () => void;

/** What every request of an attempt carries: it ends with the attempt, and none is begun that could outlive it. */
export interface AttemptOptions {
  readonly signal: AbortSignal;
  readonly beforeSend: SendingFence;
}

/** Of the attempt that is under way. */
export function attemptOptions(): AttemptOptions {
  const { info, cancellationSignal } = Context.current();
  const { startToCloseTimeoutMs } = info;
  const ends = AbortSignal.timeout(startToCloseTimeoutMs);
  // A request of a short attempt is given up with it.
  const longestMs = Math.min(2 * REQUEST_TIMEOUT_MS, startToCloseTimeoutMs / 4);
  return {
    signal: AbortSignal.any([cancellationSignal, ends]),
    beforeSend: fenceAfter(startToCloseTimeoutMs - longestMs),
  };
}

/**
 * Keeps a process that was frozen, or starved, from writing for an attempt that Temporal has given up: what it would write
 * may be old. A request ends before the longest attempt does, so one that was begun in time is answered or given up in time. The
 * clock is that of this process alone, which runs on while the process is frozen.
 */
export function sendingFence(): SendingFence {
  return fenceAfter(Context.current().info.startToCloseTimeoutMs - 2 * REQUEST_TIMEOUT_MS);
}

function fenceAfter(ms: number): SendingFence {
  const lastMs = performance.now() + ms;
  const pulse = pulseOfAttempt();
  return () => {
    if (performance.now() > lastMs || pulse?.isLost)
      throw ApplicationFailure.create({
        type: STATUS_REASONS.Timeout,
        message: 'this attempt is too late to write; another one is to be made',
      });
  };
}
