import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { foldApplied } from '../../../core/rollout/fold.ts';
import { foldGate } from '../../../core/rollout/fold-passage.ts';
import { foldReread, readsOf, rereadObjects } from '../../../core/rollout/reads.ts';
import { foldRoutine } from '../../../core/rollout/routine.ts';
import type { PlanView, ReconcileState } from '../../../core/rollout/state.ts';
import { NEW_STATE } from '../../../core/rollout/state.ts';

const KEY = 'Table.external.durable-operator.dev/a';
const read = { 'Secret/login': 'NotFound' };
const ROLLOUT: NonNullable<ReconcileState['rollout']> = {
  trigger: 'Install',
  generation: 1,
  to: 'x',
  startedAt: '2026-01-01T00:00:00Z',
  stages: {},
  passages: {},
};
const VIEW = { refs: { [KEY]: { key: KEY, digest: 'd' } } } as unknown as PlanView;

describe('what operator code read before it ended in trouble', () => {
  it('is watched while the trouble lasts, whichever function it was', () => {
    const refusal = { key: KEY, applied: false, reason: 'RemoteRefused', message: 'no', read } as const;
    assert.deepEqual(readsOf(foldApplied(NEW_STATE, VIEW, [refusal], 0)), read);
    const gated = foldGate({ ...NEW_STATE, rollout: ROLLOUT }, KEY, { why: 'not yet', read }, 0);
    assert.deepEqual(readsOf(gated), read);
    assert.deepEqual(readsOf(foldGate(gated, KEY, true, 0)), {});
    const failure = { reason: 'RoutineFailed', message: 'no', read };
    const failed = foldRoutine(NEW_STATE, VIEW, { failure }, 0);
    assert.deepEqual(readsOf(failed), read);
    assert.deepEqual(readsOf(foldRoutine(failed, VIEW, { state: 1 }, 0)), {});
  });

  it('ends the pause of those that read it, and of no other, when it changes', () => {
    const results = [KEY, 'other'].map((key) => ({
      key,
      applied: false as const,
      reason: 'RemoteRefused',
      message: 'no',
      ...(key === KEY ? { read } : {}),
    }));
    const view = { refs: { ...VIEW.refs, other: { key: 'other', digest: 'd' } } } as unknown as PlanView;
    const gated = foldGate({ ...NEW_STATE, rollout: ROLLOUT }, KEY, { why: 'not yet', read }, 0);
    const refused = foldRoutine(
      foldApplied(gated, view, results, 0),
      { ...view, routineEveryMs: 60_000 },
      { failure: { reason: 'RoutineFailed', message: 'no', read } },
      0,
    );
    const changed = { 'Secret/login': '7' };
    const next = foldReread(refused, changed, 5);
    assert.deepEqual([next.refusals[KEY]?.retryAt, next.refusals['other']?.retryAt], [5, 10_000]);
    assert.equal(next.routine?.nextAt, 5);
    const gate = next.rollout?.passages[KEY]?.gate;
    assert.equal(gate && gate !== 'open' ? gate.askAgainAt : undefined, 5);
    assert.deepEqual(readsOf(next), changed);
    assert.deepEqual(foldReread(refused, { 'Secret/another': '7' }, 5), refused);
  });

  it('asks for a look at external objects that are not well', () => {
    const unhealthy = { [KEY]: { reason: 'RemoteRefused', message: 'no', since: '', read } };
    assert.deepEqual(rereadObjects({ ...NEW_STATE, unhealthy }, { 'Secret/login': '7' }), [KEY]);
    assert.deepEqual(rereadObjects({ ...NEW_STATE, unhealthy }, {}), []);
  });
});
