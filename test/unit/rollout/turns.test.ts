import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { NEW_STATE } from '../../../core/rollout/state.ts';
import type { Step } from '../../../core/rollout/step.ts';
import { Turns } from '../../../core/rollout/turns.ts';
import { planView } from '../../support/simulated-cluster.ts';
import { toy, toyOperator, TWO_ROLES } from '../../support/toy-operator.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const KEYS = ['ConfigMap/a', 'StatefulSet.apps/b', 'Service/c'];
const PLAN = planView(toyOperator(), toy(TWO_ROLES));

/** However many turns a pass may have over a plan of a few objects. */
const PLENTY = 1_000;

describe('a pass without a rest', () => {
  it('comes to one whatever is decided', () => {
    const step = fc.constantFrom<Step>(
      { kind: 'apply', keys: KEYS },
      { kind: 'apply', keys: [] },
      ...KEYS.map((key): Step => ({ kind: 'unblock', key })),
      ...KEYS.map((key): Step => ({ kind: 'prune', keys: [key] })),
    );
    fc.assert(
      fc.property(fc.infiniteStream(step), fc.infiniteStream(fc.integer()), (steps, versions) => {
        const turns = new Turns();
        for (let count = 0; count < PLENTY; count++) {
          const plan = { ...PLAN, version: String(versions.next().value) };
          if (turns.take({ plan, step: steps.next().value, state: NEW_STATE })) return true;
        }
        return false;
      }),
    );
  });

  it('may take every step of a rollout, and begins to count again with a newer spec', () => {
    const turns = new Turns();
    for (let generation = 1; generation < 100; generation++)
      for (const key of KEYS)
        assert.equal(
          turns.take({
            plan: { ...PLAN, generation },
            step: { kind: 'prune', keys: [key] },
            state: NEW_STATE,
          }),
          undefined,
        );
  });
});

describe('a rest', () => {
  it('that ends at once, again and again, becomes longer, up to a minute', () => {
    const turns = new Turns();
    const rests = Array.from({ length: 30 }, () => (turns.rest(NOW, NOW) ?? 0) - NOW);
    assert.deepEqual(
      rests.slice(0, 10),
      Array.from({ length: 10 }, () => 0),
    );
    assert.deepEqual(rests.slice(10, 13), [40, 80, 160]);
    assert.equal(rests.at(-1), 60_000);
  });

  it('that is long is left as it is, and makes short ones free again', () => {
    const turns = new Turns();
    for (let count = 0; count < 20; count++) turns.rest(NOW, NOW);
    assert.equal(turns.rest(NOW + 5_000, NOW), NOW + 5_000);
    assert.equal(turns.rest(NOW + 1, NOW), NOW + 1);
    assert.equal(turns.rest(undefined, NOW), undefined);
  });
});
