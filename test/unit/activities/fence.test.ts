import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { SendingFence } from '../../../activities/fence.ts';
import { sendingFence } from '../../../activities/fence.ts';
import { heartbeating, Pulse } from '../../../activities/heartbeat.ts';

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

  it('stops an attempt whose process stood still so long that Temporal may have given it up', async () => {
    const attempt = new MockActivityEnvironment({ startToCloseTimeoutMs: 60_000 });
    await attempt.run(() =>
      heartbeating(async () => {
        const fence = sendingFence();
        fence();
        // As a process that is frozen: nothing of it runs.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_100);
        assert.throws(fence, { type: 'Timeout', nonRetryable: false });
      }),
    );
  });
});

describe('the pulse of an attempt', () => {
  it('is lost for good by a pause that is longer than heartbeats may stay away, and by no shorter one', () => {
    let now = 0;
    const pulse = new Pulse(() => now);
    for (const pause of [1_000, 3_000, 1_000]) {
      now += pause;
      pulse.beat();
      assert.equal(pulse.isLost, false);
    }
    now += 3_001;
    assert.equal(pulse.isLost, true);
    pulse.beat();
    assert.equal(pulse.isLost, true);
  });
});
