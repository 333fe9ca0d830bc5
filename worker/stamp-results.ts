import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Stamped } from '../core/stamped.ts';
import { SENT_AT } from '../core/stamped.ts';

/**
 * Stamps each result with its time by Temporal's clock, so that one worker whose clock is wrong, or jumps, moves no deadline: the
 * workflow tells the time, or the server does, and only what passed since is measured here.
 */
export const stampResults: ActivityInterceptorsFactory = ({ info }) => ({
  inbound: {
    async execute(input, next): Promise<unknown> {
      const header = input.headers[SENT_AT];
      if (!header) return next(input);
      const sentAt = defaultPayloadConverter.fromPayload<number>(header);
      // That of a local activity is by the clock of this machine.
      const begunAt = info.isLocal ? sentAt : Math.max(sentAt, info.currentAttemptScheduledTimestampMs);
      const began = performance.now();
      const result = await next(input);
      return { endedAt: Math.round(begunAt + performance.now() - began), result } satisfies Stamped;
    },
  },
});
