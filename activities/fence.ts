import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { STATUS_REASONS } from '../core/reasons.ts';
import { REQUEST_TIMEOUT_MS } from '../kubernetes/transport.ts';
import { pulseOfAttempt } from './heartbeat.ts';

/** Called as each write is about to be sent. @throws ApplicationFailure when the attempt is so late that another may be under way. */
export type SendingFence = () => void;

/**
 * Keeps a process that was frozen, or starved, from writing for an attempt that Temporal has given up: what it would write
 * may be old. A request ends before the longest attempt does, so one that was begun in time is answered or given up in time. The
 * clock is that of this process alone, which runs on while the process is frozen.
 */
export function sendingFence(): SendingFence {
  const { startToCloseTimeoutMs } = Context.current().info;
  const lastMs = performance.now() + startToCloseTimeoutMs - 2 * REQUEST_TIMEOUT_MS;
  const pulse = pulseOfAttempt();
  return () => {
    if (performance.now() > lastMs || pulse?.isLost)
      throw ApplicationFailure.create({
        type: STATUS_REASONS.Timeout,
        message: 'this attempt is too late to write; another one is to be made',
      });
  };
}
