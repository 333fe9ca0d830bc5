import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { health } from '../../../core/health/index.ts';
import { missingReads, readingOf, seenWith, stillNeeded } from '../../../core/rollout/readers.ts';
import type { Entry, PlanView, ReconcileState } from '../../../core/rollout/state.ts';
import { NEW_STATE } from '../../../core/rollout/state.ts';

const SET = 'StatefulSet.apps/s';
const [OLD, NEW] = ['ConfigMap/c-0000000001', 'ConfigMap/c-0000000002'];
const CURRENT = { state: 'Current', reason: '', message: '' } as const;
const ROLLING = { state: 'InProgress', reason: 'LessReady', message: '' } as const;
const LAGGING = { ...CURRENT, lags: true } as const;
const BEFORE: Entry = { digest: 'd1', template: 't1', uid: 'u', fields: 'f', reads: [OLD] };
const APPLIED = { template: 't2', uses: [NEW, 'Service/s'] };
const PLAN: PlanView = {
  uid: 'u',
  generation: 2,
  digest: 'p2',
  refs: { [NEW]: { key: NEW, digest: 'n' } },
  stages: [],
  warnings: [],
  stageDeadlineMs: 1,
  firstInstall: 'parallel',
};

function stateWith(entry: Entry, others: Partial<ReconcileState> = {}): ReconcileState {
  return { ...NEW_STATE, inventory: { [SET]: entry }, ...others };
}

describe('what pods may read', () => {
  it('is of both templates while a workload rolls, and of the new one when it is Current', () => {
    const rolling = readingOf(SET, APPLIED, { known: BEFORE, health: ROLLING });
    assert.deepEqual(rolling, { reads: [NEW], former: [OLD] });
    const entry = { ...BEFORE, ...rolling };
    assert.deepEqual(seenWith(entry, ROLLING).former, [OLD]);
    assert.equal(seenWith(entry, CURRENT).former, undefined);
    assert.deepEqual(readingOf(SET, APPLIED, { known: BEFORE, health: CURRENT }), { reads: [NEW] });
  });

  it('is of every template whose rollout was overtaken', () => {
    const rolling = {
      ...BEFORE,
      template: 't2',
      ...readingOf(SET, APPLIED, { known: BEFORE, health: ROLLING }),
    };
    const third = { template: 't3', uses: ['ConfigMap/c-0000000003'] };
    const { former } = readingOf(SET, third, { known: rolling, health: ROLLING });
    assert.deepEqual(former, [OLD, NEW]);
  });

  it('stays that of a former template behind a partition, and while a Job of it runs', () => {
    const partitioned = {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 's', generation: 1 },
      spec: { replicas: 2, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } },
      status: {
        observedGeneration: 1,
        replicas: 2,
        readyReplicas: 2,
        availableReplicas: 2,
        updatedReplicas: 1,
        currentRevision: 'a',
        updateRevision: 'b',
      },
    };
    assert.deepEqual([health(partitioned).state, health(partitioned).lags], ['Current', true]);
    const job = {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'j' },
      status: { active: [{ name: 'j-1' }] },
    };
    assert.deepEqual([health(job).state, health(job).lags], ['Current', true]);
    assert.deepEqual(seenWith({ ...BEFORE, former: [OLD] }, LAGGING).former, [OLD]);
  });

  it('of a CronJob is that of the template before until it is looked at: nobody knows what its controller has seen', () => {
    const key = 'CronJob.batch/j';
    const reading = readingOf(key, APPLIED, { known: BEFORE, health: CURRENT });
    assert.deepEqual(reading.former, [OLD]);
    assert.equal(seenWith({ ...BEFORE, ...reading }, CURRENT).former, undefined);
  });
});

describe('what is needed', () => {
  it('is what any workload reads, also one that is being deleted', () => {
    assert.ok(stillNeeded(PLAN, stateWith({ ...BEFORE, leaving: true })).has(OLD));
    assert.ok(stillNeeded(PLAN, stateWith({ ...BEFORE, reads: [NEW], former: [OLD] })).has(OLD));
    assert.ok(!stillNeeded(PLAN, stateWith({ ...BEFORE, reads: [NEW] })).has(OLD));
  });

  it('is what a rollback would read of Secrets, whose content no revision keeps', () => {
    const input = { digest: 'i' };
    const good = { revision: 'r', generation: 1, digest: 'p1', input, secrets: ['Secret/s-1'] };
    const state = stateWith({ ...BEFORE, reads: [NEW] }, { good });
    assert.ok(stillNeeded(PLAN, state).has('Secret/s-1'));
    const settled = { ...state, good: { ...good, digest: 'p2', secrets: [] } };
    assert.ok(!stillNeeded(PLAN, settled).has('Secret/s-1'));
    assert.ok(stillNeeded(PLAN, { ...settled, previous: good }).has('Secret/s-1'));
  });

  it('is missing when it was deleted and the plan does not want it', () => {
    assert.deepEqual(missingReads(PLAN, stateWith(BEFORE)), [OLD]);
    const there = { ...BEFORE, reads: [] };
    assert.deepEqual(
      missingReads(PLAN, { ...stateWith(BEFORE), inventory: { [SET]: BEFORE, [OLD]: there } }),
      [],
    );
    assert.deepEqual(missingReads(PLAN, stateWith({ ...BEFORE, reads: [NEW] })), []);
  });
});
