import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isLarger } from '../../../sandbox/quantity.ts';

describe('a Kubernetes quantity', () => {
  it('is compared by its value, not by how it is written', () => {
    const pairs = [
      ['2Gi', '1Gi'],
      ['1Gi', '1G'],
      ['1025Mi', '1Gi'],
      ['1.5Gi', '1Gi'],
      ['1e10', '1Gi'],
      ['1', '999m'],
    ];
    for (const [more = '', less = ''] of pairs) {
      assert.equal(isLarger(more, less), true, `${more} > ${less}`);
      assert.equal(isLarger(less, more), false, `${less} < ${more}`);
    }
    assert.equal(isLarger('1Gi', '1024Mi'), false);
  });
});
