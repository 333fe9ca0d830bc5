import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConcurrencyLimit } from '../../../core/flow/concurrency-limit.ts';

describe('concurrency limit', () => {
  it('is halved by a refusal, and once by all that were begun before', () => {
    const limit = new ConcurrencyLimit(16);
    for (let count = 0; count < 10; count++) limit.refused(0, 100);
    assert.equal(limit.current, 8);
    limit.refused(101, 200);
    assert.equal(limit.current, 4);
  });

  it('leaves room for one, so that the server is still asked', () => {
    const limit = new ConcurrencyLimit(16);
    for (let now = 1; now <= 20; now++) limit.refused(now, now);
    assert.equal(limit.current, 1);
  });

  it('grows by one in a round that went well, up to its ceiling', () => {
    const limit = new ConcurrencyLimit(16);
    limit.refused(0, 1);
    for (let count = 0; count < 9; count++) limit.succeeded();
    assert.equal(limit.current, 9);
    for (let count = 0; count < 1_000; count++) limit.succeeded();
    assert.equal(limit.current, 16);
  });
});
