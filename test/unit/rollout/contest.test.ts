import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MOST_TAKES, TAKE_FORGOTTEN_MS } from '../../../core/rollout/contest.ts';
import { foldPlanned } from '../../../core/rollout/fold-plan.ts';
import { foldApplied, foldObserved } from '../../../core/rollout/fold.ts';
import { nextStep } from '../../../core/rollout/next-step.ts';
import type { PlanView, ReconcileState } from '../../../core/rollout/state.ts';
import { NEW_STATE } from '../../../core/rollout/state.ts';

const KEY = 'ConfigMap/c';
const CURRENT = { state: 'Current', reason: '', message: '' } as const;
const PLAN: PlanView = {
  uid: 'u',
  generation: 1,
  digest: 'p',
  refs: { [KEY]: { key: KEY, digest: 'd1' } },
  stages: [],
  warnings: [],
  stageDeadlineMs: 60_000,
  firstInstall: 'parallel',
};

function applied(state: ReconcileState, plan: PlanView, now: number): ReconcileState {
  const result = {
    key: KEY,
    applied: true,
    created: false,
    uid: 'o',
    fields: 'ours',
    health: CURRENT,
  } as const;
  return foldApplied(state, plan, [result], now);
}

function taken(state: ReconcileState, now: number): ReconcileState {
  const seen = {
    key: KEY,
    exists: true,
    uid: 'o',
    fields: 'less',
    health: CURRENT,
    editors: ['rival'],
  } as const;
  return foldObserved(state, [seen], now);
}

/** Taken and put back `times` times, each after `everyMs`. */
function contested(times: number, everyMs: number): { readonly state: ReconcileState; readonly now: number } {
  let now = 0;
  let state = applied({ ...NEW_STATE, uid: 'u', generation: 1 }, PLAN, now);
  for (let round = 0; round < times; round++) {
    now += everyMs;
    state = taken(state, now);
    if (state.refusals[KEY]) break;
    state = applied(state, PLAN, now);
  }
  return { state, now };
}

describe('a field that somebody else takes', () => {
  it('is put back at once as often as a hand may err', () => {
    const { state, now } = contested(MOST_TAKES - 1, 1_000);
    const again = taken(state, now + 1_000);
    assert.deepEqual(nextStep(PLAN, again, now + 1_000), { kind: 'apply', keys: [KEY] });
  });

  it('again and again is a fight: it is told with the name of the other, and put back slowly', () => {
    const { state, now } = contested(MOST_TAKES + 1, 1_000);
    const { reason, message, retryAt } = state.refusals[KEY] ?? assert.fail('no refusal');
    assert.equal(reason, 'FieldFight');
    assert.match(message, /^rival changes again and again/);
    assert.deepEqual(nextStep(PLAN, state, now), { kind: 'wait', on: [KEY], wakeAt: retryAt });
    assert.deepEqual(nextStep(PLAN, state, retryAt), { kind: 'apply', keys: [KEY] });
  });

  it('still fought for after the retry is refused after one write', () => {
    const { state } = contested(MOST_TAKES + 1, 1_000);
    const { retryAt } = state.refusals[KEY] ?? assert.fail('no refusal');
    const once = applied(state, PLAN, retryAt);
    assert.deepEqual(once.refusals, {});
    assert.equal(taken(once, retryAt + 1_000).refusals[KEY]?.reason, 'FieldFight');
  });

  it('seen twice before it is put back is taken once', () => {
    const { state, now } = contested(MOST_TAKES - 1, 1_000);
    const twice = taken(taken(taken(state, now), now), now);
    assert.equal(twice.refusals[KEY], undefined);
  });

  it('now and then is never a fight', () => {
    assert.deepEqual(contested(50, TAKE_FORGOTTEN_MS + 1_000).state.refusals, {});
  });

  it('is put back at once when the resource was changed meanwhile: a person has acted', () => {
    const { state, now } = contested(MOST_TAKES + 1, 1_000);
    const newer: PlanView = { ...PLAN, generation: 2 };
    assert.deepEqual(nextStep(newer, foldPlanned(state, newer, now), now), { kind: 'apply', keys: [KEY] });
  });

  it('is applied at once when the resource wants it otherwise, and what is long past is forgotten', () => {
    const { state, now } = contested(MOST_TAKES + 1, 1_000);
    const other: PlanView = { ...PLAN, generation: 2, refs: { [KEY]: { key: KEY, digest: 'd2' } } };
    assert.deepEqual(nextStep(other, foldPlanned(state, other, now), now), { kind: 'apply', keys: [KEY] });
    const later = now + (MOST_TAKES + 2) * TAKE_FORGOTTEN_MS;
    assert.deepEqual(foldPlanned(state, other, later).contests, {});
  });
});
