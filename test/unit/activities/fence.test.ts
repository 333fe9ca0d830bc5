import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { SendingFence } from '../../../activities/fence.ts';
import { sendingFence } from '../../../activities/fence.ts';

function fenceOfAttempt(startToCloseTimeoutMs: number): Promise<SendingFence> {
  return new MockActivityEnvironment({ startToCloseTimeoutMs }).run(async () => sendingFence());
}

describe('the fence before a write', () => {
  it('lets pass what a request in time can still do', async () => {
    const fence = await fenceOfAttempt(60_000);
    fence();
  });

  it('stops an attempt whose write could outlive it: Temporal makes another', async () => {
    const fence = await fenceOfAttempt(29_000);
    assert.throws(fence, { type: 'Timeout', nonRetryable: false });
  });
});
