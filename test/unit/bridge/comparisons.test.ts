import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Comparisons } from '../../../bridge/comparisons.ts';

const PERIOD_MS = 600_000;
/** How exactly the loop keeps to the times. */
const TICK_MS = 1_000;

/** Resources that come and go, each at a time of its own. */
const LIVES = fc.array(
  fc.record({ bornAt: fc.nat(3 * PERIOD_MS), livesMs: fc.integer({ min: 1, max: 4 * PERIOD_MS }) }),
  { minLength: 1, maxLength: 40 },
);

describe('comparisons', () => {
  it('come within one period of the last one, whenever a resource was made and whatever else comes and goes', () => {
    fc.assert(
      fc.property(LIVES, (lives) => {
        const comparisons = new Comparisons(PERIOD_MS);
        const last = new Map<string, number>();
        for (let now = 0; now <= 6 * PERIOD_MS; now += TICK_MS) {
          for (const [index, { bornAt, livesMs }] of lives.entries()) {
            const uid = String(index);
            if (now >= bornAt && now < bornAt + livesMs && !last.has(uid)) {
              comparisons.add(uid, now);
              last.set(uid, now);
            }
            if (now < bornAt + livesMs || !comparisons.has(uid)) continue;
            comparisons.forget(uid);
            last.set(uid, Infinity);
          }
          for (let { next } = comparisons; next && next.at <= now; { next } = comparisons) {
            comparisons.done(next.uid, now);
            last.set(next.uid, now);
          }
          for (const [uid, at] of last)
            assert.ok(now - at <= PERIOD_MS + TICK_MS, `${uid} was not compared for ${now - at} ms`);
          assert.equal(comparisons.status(now).overdue, 0);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('are spread over the period when all were made at once', () => {
    const comparisons = new Comparisons(PERIOD_MS);
    for (let index = 0; index < 100; index++) comparisons.done(String(index), 0);
    const turns = Array.from({ length: 100 }, () => {
      const { uid = '', at = 0 } = comparisons.next ?? {};
      comparisons.done(uid, at);
      return at;
    });
    const gaps = turns.map((at, index) => at - (turns[index - 1] ?? 0));
    assert.ok(Math.max(...gaps) - Math.min(...gaps) < 1, gaps.join(' '));
  });

  it('are as old as a program before this one left them, and the oldest is next', () => {
    const comparisons = new Comparisons(PERIOD_MS);
    for (const uid of ['a', 'b', 'c']) comparisons.add(uid, 1_000_000);
    comparisons.learn(
      new Map([
        ['b', 100_000],
        ['c', 900_000],
        ['unknown', 0],
      ]),
    );
    assert.deepEqual(comparisons.status(1_000_000), { overdue: 1, oldestSeconds: 900 });
    const order = Array.from({ length: 3 }, () => {
      const { uid = '' } = comparisons.next ?? {};
      comparisons.done(uid, 1_000_000);
      return uid;
    });
    assert.deepEqual(order, ['b', 'c', 'a']);
  });
});
