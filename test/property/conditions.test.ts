import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { setConditions } from '../../core/status/conditions.ts';
import type { NextCondition } from '../../core/status/conditions.ts';

const THEN = '2026-05-01T12:00:00Z';
const NOW = '2026-05-01T12:05:00Z';

const said: fc.Arbitrary<NextCondition[]> = fc.uniqueArray(
  fc.record({
    type: fc.constantFrom('Ready', 'Reconciling', 'Stalled', 'Progressing', 'Degraded', 'Paused'),
    status: fc.constantFrom('True', 'False', 'Unknown'),
    observedGeneration: fc.integer({ min: 1, max: 5 }),
    reason: fc.constantFrom('Reconciled', 'RollingOut'),
    message: fc.string({ unit: 'grapheme', maxLength: 2000, size: 'max' }),
  }),
  { selector: ({ type }) => type },
);

describe('setConditions', () => {
  it('changes nothing when the same is said again, however late', () => {
    fc.assert(
      fc.property(said, said, (first, second) => {
        const once = setConditions(setConditions([], first, THEN), second, NOW);
        assert.deepEqual(setConditions(once, second, '2027-01-01T00:00:00Z'), once);
      }),
    );
  });

  it('never moves a time without a flip, and always with one', () => {
    fc.assert(
      fc.property(said, said, (first, second) => {
        const before = setConditions([], first, THEN);
        for (const { type, status, lastTransitionTime } of setConditions(before, second, NOW)) {
          const known = before.find((each) => each.type === type);
          assert.equal(lastTransitionTime, known?.status === status ? THEN : NOW, type);
        }
      }),
    );
  });

  it('keeps every type once', () => {
    fc.assert(
      fc.property(said, said, (first, second) => {
        const types = setConditions(setConditions([], first, THEN), second, NOW).map(({ type }) => type);
        assert.equal(new Set(types).size, types.length);
      }),
    );
  });
});
