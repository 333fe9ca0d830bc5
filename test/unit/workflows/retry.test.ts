import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/common';
import { failureOf } from '../../../workflows/failures.ts';
import { retryAt } from '../../../workflows/retry.ts';

/** The longest of many pauses after so many failures in a row, in seconds. */
function longestPause(error: Error, attempts: number): number {
  const pauses = Array.from({ length: 200 }, () => {
    const at = retryAt(failureOf(error, 1), attempts);
    return ((at ?? Infinity) - Date.now()) / 1_000;
  });
  return Math.max(...pauses);
}

function refused(type: string): ApplicationFailure {
  return ApplicationFailure.create({ type, message: 'refused' });
}

describe('a look or a write that is tried again', () => {
  it('comes soon after a load that others cause, however often it had no turn', () => {
    const late = new TimeoutFailure('late', undefined, 'SCHEDULE_TO_CLOSE');
    const unfinished = new ActivityFailure(
      'activity failed',
      'planResource',
      undefined,
      'TIMEOUT',
      undefined,
      late,
    );
    for (const error of [refused('TooManyRequests'), refused('ServerTimeout'), unfinished])
      assert.ok(longestPause(error, 20) <= 25, error.message);
  });

  it('comes ever more slowly while a server is away, and where somebody must act', () => {
    assert.ok(longestPause(refused('Unreachable'), 20) > 90);
    assert.ok(longestPause(refused('Forbidden'), 20) > 400);
  });
});
