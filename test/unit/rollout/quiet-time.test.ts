import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Settling } from '../../../core/rollout/quiet-time.ts';
import { LONGEST_QUIET_MS, QUIET_MS, settled, settlingOf } from '../../../core/rollout/quiet-time.ts';

const KNOWN = { 'Secret/a': '1', 'Secret/b': '1' };

describe('contents of others that change', () => {
  it('are taken up a quiet time after the last change', () => {
    const first = settlingOf(KNOWN, { ...KNOWN, 'Secret/a': '2' }, undefined, 0);
    assert.equal(first?.until, QUIET_MS);
    const second = settlingOf(KNOWN, { 'Secret/a': '2', 'Secret/b': '2' }, first, 1_000);
    assert.equal(second?.until, 1_000 + QUIET_MS);
    const same = settlingOf(KNOWN, { 'Secret/b': '2', 'Secret/a': '2' }, second, 2_000);
    assert.equal(same?.until, second?.until, 'a look is no change');
    assert.equal(
      settlingOf(KNOWN, { 'Secret/a': '2', 'Secret/b': '2' }, second, 1_000 + QUIET_MS),
      undefined,
    );
  });

  it('are taken up in the end though they never are quiet', () => {
    let settling: Settling | undefined;
    let now = 0;
    do {
      settling = settlingOf(KNOWN, { ...KNOWN, 'Secret/a': `at ${now}` }, settling, now);
      now += 1_000;
    } while (settling && now < 2 * LONGEST_QUIET_MS);
    assert.equal(settling, undefined);
    assert.equal(now, LONGEST_QUIET_MS + 1_000);
  });

  it('wait for nothing when they change back, appear or go', () => {
    const first = settlingOf(KNOWN, { ...KNOWN, 'Secret/a': '2' }, undefined, 0);
    assert.equal(settlingOf(KNOWN, KNOWN, first, 1), undefined);
    assert.equal(settlingOf(KNOWN, { ...KNOWN, 'Secret/c': '1' }, undefined, 0), undefined);
    assert.equal(settlingOf(KNOWN, { 'Secret/a': '1' }, undefined, 0), undefined);
  });

  it('are as before meanwhile, and what else is read is the newest', () => {
    const seen = { 'Secret/a': '2', 'Secret/b': '1', 'Secret/c': '1' };
    assert.deepEqual(settled(KNOWN, seen, { keys: ['Secret/a'] }), { ...seen, 'Secret/a': '1' });
  });
});
