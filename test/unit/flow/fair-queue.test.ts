import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FairQueue } from '../../../core/flow/fair-queue.ts';

function emptied(queue: FairQueue<string>): string[] {
  return Array.from({ length: queue.size }, () => queue.shift() ?? 'nothing');
}

describe('fair queue', () => {
  it('gives a flow of one its turn after one of a flow of many', () => {
    const queue = new FairQueue<string>();
    for (const item of ['a1', 'a2', 'a3', 'a4']) queue.push(item, 'a');
    queue.push('b1', 'b');
    queue.push('c1', 'c');
    assert.deepEqual(emptied(queue), ['a1', 'b1', 'c1', 'a2', 'a3', 'a4']);
    assert.equal(queue.shift(), undefined);
  });

  it('gives the urgent their turns first, and every eighth to the least urgent', () => {
    const queue = new FairQueue<string>();
    for (let count = 1; count <= 3; count++) queue.push(`later${count}`, 'a', 2);
    for (let count = 1; count <= 9; count++) queue.push(`now${count}`, 'a');
    const order = emptied(queue);
    assert.equal(order[7], 'later1');
    assert.deepEqual(order.slice(0, 7), ['now1', 'now2', 'now3', 'now4', 'now5', 'now6', 'now7']);
    assert.deepEqual(order.slice(8), ['now8', 'now9', 'later2', 'later3']);
  });

  it('leaves what is less urgent than asked for', () => {
    const queue = new FairQueue<string>();
    queue.push('later', 'a', 2);
    assert.equal(queue.shift(1), undefined);
    queue.push('soon', 'a', 1);
    assert.deepEqual(
      [queue.shift(1), queue.shift(1), queue.size, queue.shift()],
      ['soon', undefined, 1, 'later'],
    );
  });

  it('loses and doubles nothing, and takes out what is asked for', () => {
    const item = fc.record({ flow: fc.constantFrom('a', 'b', 'c'), urgency: fc.nat(2), goes: fc.boolean() });
    fc.assert(
      fc.property(fc.array(item), (items) => {
        const queue = new FairQueue<(typeof items)[number]>();
        for (const each of items) queue.push(each, each.flow, each.urgency);
        const taken = queue.take(({ goes }) => goes);
        assert.equal(queue.size, items.length - taken.length);
        const rest = Array.from({ length: queue.size }, () => queue.shift());
        assert.deepEqual(new Set(taken), new Set(items.filter(({ goes }) => goes)));
        assert.deepEqual(new Set(rest), new Set(items.filter(({ goes }) => !goes)));
        assert.equal(taken.length + rest.length, items.length);
      }),
    );
  });
});
