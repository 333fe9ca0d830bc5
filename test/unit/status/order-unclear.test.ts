import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { newsOf } from '../../../core/status/news.ts';
import type { Condition } from '../../../core/status/resource-status.ts';

describe('an order that is not clear', () => {
  const verdict = { phase: 'Ready', reason: 'Reconciled', message: '' } as const;
  const told = (
    message: string | undefined,
    before: Parameters<typeof newsOf>[0],
  ): ReturnType<typeof newsOf> => {
    const condition = { type: 'OrderUnclear', status: 'True', reason: 'OrderUnclear', message } as Condition;
    const conditions = message === undefined ? [] : [condition];
    const status = { observedGeneration: 1, conditions, ready: '1/1', stage: '-' };
    return newsOf(before, status, verdict, undefined, 0);
  };

  it('is told by one event for as long as it is the same', () => {
    const first = told('a', {});
    assert.deepEqual(
      first.news.map(({ type, reason, note }) => [type, reason, note]),
      [['Warning', 'OrderUnclear', 'a']],
    );
    assert.deepEqual(told('a', first.told).news, []);
    assert.equal(told('b', first.told).news.length, 1);
    assert.deepEqual(told(undefined, first.told), { news: [], told: {} });
  });
});
