import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { foldObserved, foldSpent } from '../../../core/rollout/fold.ts';
import { withRefusal } from '../../../core/rollout/refusal.ts';
import { fingerprintOf, NEW_STATE, refOf } from '../../../core/rollout/state.ts';
import { mergeHints } from '../../../core/hint.ts';

const KEY = 'StatefulSet.apps/t1-b';
const HEALTH = { state: 'Current', reason: '', message: '' } as const;
const ENTRY = { digest: 'd', template: 't', uid: 'ours', fields: 'all', stage: 1, gate: 'loaded' };

describe('what is observed', () => {
  it('of an object that took the name of ours, and holds no field of ours, is that ours is gone', () => {
    const state = { ...NEW_STATE, inventory: { [KEY]: ENTRY } };
    const seen = { key: KEY, exists: true, uid: 'theirs', fields: '', health: HEALTH } as const;
    assert.deepEqual(foldObserved(state, [seen], 0).inventory, {});
  });

  it('of an object that was made again with our fields is that it must be applied again', () => {
    const state = { ...NEW_STATE, inventory: { [KEY]: ENTRY } };
    const seen = { key: KEY, exists: true, uid: 'again', fields: 'all', health: HEALTH } as const;
    assert.deepEqual(foldObserved(state, [seen], 0).inventory[KEY], { ...ENTRY, uid: 'again', digest: '' });
  });
});

describe('what was refused', () => {
  const refused = { key: KEY, digest: 'other', reason: 'Invalid', message: 'field is immutable' };

  it('is tried at once when what was there is gone, or has another uid and is not ours', () => {
    const state = withRefusal({ ...NEW_STATE, inventory: { [KEY]: ENTRY } }, refused, 0);
    const theirs = { key: KEY, exists: true, uid: 'theirs', fields: '', health: HEALTH } as const;
    for (const seen of [{ key: KEY, exists: false } as const, theirs])
      assert.deepEqual(foldObserved(state, [seen], 0).refusals, {});
    const staying = { key: KEY, exists: true, uid: 'ours', fields: 'all', health: HEALTH } as const;
    assert.equal(foldObserved(state, [staying], 0).refusals[KEY]?.attempts, 1);
  });

  it('is tried ever more slowly: every 2 minutes what passes by itself, every 10 what somebody must end', () => {
    for (const [reason, longest] of [
      ['InternalError', 120_000],
      ['Invalid', 600_000],
    ] as const) {
      const tries = Array.from({ length: 12 }, () => ({ ...refused, reason }));
      const last = tries.reduce((state, each) => withRefusal(state, each, 0), NEW_STATE);
      assert.equal(last.refusals[KEY]?.retryAt, longest);
    }
  });
});

describe('a Job that its TTL deletes', () => {
  const JOB = 'Job.batch/t1-once';
  const there = { key: JOB, exists: true, uid: 'ours', fields: 'all', health: HEALTH } as const;
  const gone = { key: JOB, exists: false } as const;
  const terminating = { state: 'Terminating', reason: 'Terminating', message: '', spent: true } as const;
  const state = {
    ...NEW_STATE,
    inventory: { [JOB]: { digest: 'd', template: 't', uid: 'ours', fields: 'all' } },
  };

  it('is done when it was complete before, and stays in the inventory', () => {
    const seen = foldObserved(state, [{ ...there, health: { ...HEALTH, spent: true } }], 0);
    const expired = { [JOB]: { ...state.inventory[JOB], ending: 'expired' } };
    assert.deepEqual(foldObserved(seen, [gone], 0).inventory, expired);
    const deleting = { ...there, deleting: true, health: terminating } as const;
    assert.deepEqual(foldObserved(foldObserved(state, [deleting], 0), [gone], 0).inventory, expired);
  });

  it('is done when it is said to have been complete, whoever looks for it', () => {
    const told = foldSpent(state, ['ours', 'of another']);
    assert.equal(foldObserved(told, [gone], 0).inventory[JOB]?.ending, 'expired');
    assert.deepEqual(foldObserved(foldSpent(state, ['the one before']), [gone], 0).inventory, {});
  });

  it('is to be made again when it was not', () => {
    assert.deepEqual(foldObserved(foldObserved(state, [there], 0), [gone], 0).inventory, {});
  });
});

describe('an entry of the inventory', () => {
  it('gives back the planned object with its gate and hooks', () => {
    const ref = { key: KEY, digest: 'd', template: 't', stage: 1, gate: 'loaded' };
    assert.deepEqual(refOf(KEY, ENTRY), ref);
    assert.equal(fingerprintOf(ENTRY), fingerprintOf(ref));
  });

  it('is told from a planned object whose gate is another', () => {
    assert.notEqual(fingerprintOf(ENTRY), fingerprintOf({ ...ENTRY, gate: 'rebalanced' }));
  });
});

describe('two hints', () => {
  it('name the newest resource, in whatever order they came', () => {
    const [older, newer] = [1, 2].map((generation) => ({
      resource: { uid: 'u', generation, resourceVersion: `${generation}` },
    }));
    assert.ok(older && newer);
    assert.deepEqual(mergeHints(older, newer), newer);
    assert.deepEqual(mergeHints(newer, older), newer);
  });
});
