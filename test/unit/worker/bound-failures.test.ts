import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApplicationFailure, CancelledFailure, defaultFailureConverter } from '@temporalio/common';
import { defaultPayloadConverter } from '@temporalio/common';
import { boundedFailure } from '../../../worker/bound-failures.ts';
import { createLogger } from '../../../worker/logger.ts';

const HUGE = 'x'.repeat(3_000_000);

function sizeInHistory(error: unknown): number {
  return JSON.stringify(defaultFailureConverter.errorToFailure(error, defaultPayloadConverter)).length;
}

describe('what an activity fails with', () => {
  it('is a few kilobytes in a history, whatever message, details and causes it has', () => {
    const details = [HUGE];
    const cause = new Error(HUGE);
    for (const error of [
      new Error(HUGE, { cause }),
      HUGE,
      ApplicationFailure.create({ message: HUGE, details, cause }),
    ]) {
      assert.ok(sizeInHistory(error) > 3_000_000);
      assert.ok(sizeInHistory(boundedFailure(error)) < 10_000);
    }
  });

  it('keeps its type, when it is to be tried again, and where it came from', () => {
    const known = ApplicationFailure.create({
      message: 'no',
      type: 'Forbidden',
      nonRetryable: true,
      nextRetryDelay: 5_000,
    });
    const failure = boundedFailure(known);
    assert.ok(failure instanceof ApplicationFailure);
    const { type, nonRetryable, nextRetryDelay, message, stack } = failure;
    assert.deepEqual([type, nonRetryable, nextRetryDelay, message], ['Forbidden', true, 5_000, 'no']);
    assert.match(stack ?? '', /bound-failures\.test\.ts/);
    const plain = boundedFailure(new TypeError('odd'));
    assert.ok(plain instanceof ApplicationFailure && plain.type === 'TypeError' && !plain.nonRetryable);
  });

  it('is a cancellation where it was one', () => {
    const cancelled = new CancelledFailure('stop');
    assert.equal(boundedFailure(cancelled), cancelled);
  });
});

describe('a log line', () => {
  it('is bounded in its message and in each field, and keeps the stack of an error', () => {
    const lines: string[] = [];
    const log = createLogger('info', { write: (line) => void lines.push(line) });
    const error = new Error(`${HUGE}`);
    log.warn({ error, nested: [{ text: HUGE }], count: 3 }, HUGE);
    log.warn(HUGE);
    log.warn({ error: new Error('small') }, 'plain %s words');
    for (const line of lines) assert.ok(line.length < 20_000, `${line.length} characters`);
    const { error: told, msg, count } = JSON.parse(lines[2] ?? '');
    assert.match(told.stack, /bound-failures\.test\.ts/);
    assert.deepEqual([msg, count], ['plain %s words', undefined]);
    assert.equal(JSON.parse(lines[0] ?? '').count, 3);
  });
});
