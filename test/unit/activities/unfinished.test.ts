import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { failureOf, planStale } from '../../../activities/failure.ts';
import { unfinished } from '../../../activities/unfinished.ts';
import { StatusError } from '../../../kubernetes/status-error.ts';

const KEY = 'StatefulSet.apps/t1-b';
const AWAY = new StatusError('etcd is away', { code: 500, reason: 'InternalError' });
const FAILURE = failureOf(AWAY, 'StatefulSet t1-b');

function inAttempt(attempt: number, failure: unknown): Promise<ReturnType<typeof unfinished>> {
  return new MockActivityEnvironment({ attempt }).run(async () => unfinished(KEY, failure));
}

describe('an object that an activity could not finish', () => {
  it('fails the activity at first, and is reported by itself when that did not help', async () => {
    assert.equal(await inAttempt(3, FAILURE), undefined);
    assert.deepEqual(await inAttempt(4, FAILURE), { reason: 'InternalError', message: 'etcd is away' });
  });

  it('fails the activity always where the failure is about all of its objects', async () => {
    const late = ApplicationFailure.create({ type: 'Timeout', message: 'this attempt is too late to write' });
    for (const failure of [planStale('changed'), late, new Error('a fault of ours')])
      assert.equal(await inAttempt(9, failure), undefined);
  });
});
