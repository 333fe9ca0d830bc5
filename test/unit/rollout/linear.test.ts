import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PlannedRef } from '../../../core/plan/digests.ts';
import type { ObjectKey } from '../../../core/refs.ts';
import { foldEach } from '../../../core/rollout/fold-each.ts';
import { foldApplied, foldObserved } from '../../../core/rollout/fold.ts';
import { foldProgress } from '../../../core/rollout/fold-progress.ts';
import { foldPruned } from '../../../core/rollout/fold-pruned.ts';
import { foldPlanned } from '../../../core/rollout/fold-plan.ts';
import { nextStep } from '../../../core/rollout/next-step.ts';
import { holdOf } from '../../../core/rollout/references.ts';
import { unused } from '../../../core/rollout/removal.ts';
import type { PlanView, ReconcileState } from '../../../core/rollout/state.ts';
import { NEW_STATE } from '../../../core/rollout/state.ts';
import { detailsOf } from '../../../core/status/details.ts';
import { statusOf } from '../../../core/status/report.ts';
import { verdictOf } from '../../../core/status/verdict.ts';

const SIZES = [100, 1_000, 10_000];
const CURRENT = { state: 'Current', reason: '', message: '' } as const;
const NOW = Date.parse('2026-01-01T00:00:00Z');

/** As many stages as workloads, each workload with a ConfigMap of its own and one that all share. */
function planOf(size: number): PlanView {
  const refs: PlannedRef[] = [{ key: 'ConfigMap/shared', digest: 'd' }];
  for (let index = 0; index < size / 2; index++) {
    const uses = [`ConfigMap/c${index}`, 'ConfigMap/shared'];
    refs.push({ key: `ConfigMap/c${index}`, digest: 'd' });
    refs.push({ key: `StatefulSet.apps/s${index}`, digest: 'd', template: 't', stage: index, uses });
  }
  return {
    uid: 'u',
    generation: 1,
    digest: 'p',
    refs: Object.fromEntries(refs.map((ref) => [ref.key, ref])),
    stages: Array.from({ length: size / 2 }, (_, index) => `stage ${index}`),
    warnings: [],
    stageDeadlineMs: 60_000,
    firstInstall: 'parallel',
  };
}

function appliedTo(plan: PlanView): Parameters<typeof foldApplied>[2] {
  return Object.keys(plan.refs).map((key) => ({
    key,
    applied: true,
    created: true,
    uid: `uid of ${key}`,
    fields: 'f',
    health: key.startsWith('ConfigMap') ? CURRENT : { ...CURRENT, state: 'InProgress' },
  }));
}

/** The record, and a count of how often something is read from it. */
function counted<Value extends object>(record: Value, count: { reads: number }): Value {
  const read = (): void => void count.reads++;
  return new Proxy(record, {
    get: (target, name) => (read(), Reflect.get(target, name) as unknown),
    has: (target, name) => (read(), Reflect.has(target, name)),
    ownKeys: (target) => (read(), Reflect.ownKeys(target)),
    getOwnPropertyDescriptor: (target, name) => (read(), Reflect.getOwnPropertyDescriptor(target, name)),
  });
}

/** How often each object is read, of the plan and of each record of the state, by one question. */
function readsAnObject(size: number, ask: (plan: PlanView, state: ReconcileState) => unknown): number {
  const plan = planOf(size);
  const state = foldApplied(foldPlanned(NEW_STATE, plan, NOW), plan, appliedTo(plan), NOW);
  const count = { reads: 0 };
  const watched = {
    ...state,
    inventory: counted(state.inventory, count),
    unhealthy: counted(state.unhealthy, count),
    refusals: counted(state.refusals, count),
  };
  ask({ ...plan, refs: counted(plan.refs, count) }, watched);
  return count.reads / size;
}

describe('every question about a resource', () => {
  const questions: Readonly<Record<string, (plan: PlanView, state: ReconcileState) => unknown>> = {
    nextStep: (plan, state) => nextStep(plan, state, NOW),
    foldProgress: (plan, state) => foldProgress(state, plan, NOW),
    foldPlanned: (plan, state) => foldPlanned(state, { ...plan, generation: 2 }, NOW),
    unused: (_, state) => unused(Object.keys(state.inventory), Object.keys(state.inventory), state),
    status: (plan, state) => {
      const situation = { plan, state, step: nextStep(plan, state, NOW) };
      const verdict = verdictOf(situation, NOW);
      return [statusOf(situation, [], 'default'), detailsOf(situation, verdict, 'Toy default/t1')];
    },
  };
  for (const [name, ask] of Object.entries(questions))
    it(`reads each object as often in a large resource as in a small one: ${name}`, () => {
      const [small = 0, ...larger] = SIZES.map((size) => readsAnObject(size, ask));
      assert.ok(small > 0, 'something is read');
      for (const reads of larger)
        assert.ok(reads <= small * 1.2 + 1, `${reads} reads an object, ${small} of 100`);
    });
});

describe('a fold of many results', () => {
  const many = Object.fromEntries(
    Array.from({ length: 10_000 }, (_, index) => [
      `ConfigMap/c${index}`,
      { digest: 'd', uid: 'u', fields: '' },
    ]),
  );

  it('is given the records of one object at a time', () => {
    let given = 0;
    const items = Object.keys(many).map((key) => ({ key }));
    const next = foldEach(
      { ...NEW_STATE, inventory: many, lost: { 'StatefulSet.apps/x': 't' } },
      items,
      (state, { key }) => {
        given += Object.keys(state.inventory).length + Object.keys(state.lost ?? {}).length;
        return { ...state, unhealthy: { [key]: { reason: 'R', message: 'm', since: '' } } };
      },
    );
    assert.equal(given, items.length);
    assert.equal(Object.keys(next.unhealthy).length, items.length);
    assert.deepEqual(next.inventory, many);
    assert.deepEqual(next.lost, { 'StatefulSet.apps/x': 't' });
  });

  it('keeps what other objects have, and drops a record that became empty', () => {
    const lost = { 'ConfigMap/c1': 't' };
    const state: ReconcileState = { ...NEW_STATE, inventory: many, lost };
    const gone = foldPruned(state, [{ key: 'ConfigMap/c1', outcome: 'gone' }], NOW);
    assert.equal(Object.keys(gone.inventory).length, 9_999);
    const seen = foldObserved(gone, [{ key: 'ConfigMap/c2', exists: false }], NOW);
    assert.equal(Object.keys(seen.inventory).length, 9_998);
    assert.deepEqual(seen.lost, lost);
    const left = foldEach(seen, [{ key: 'ConfigMap/c1' }], ({ lost: _, ...rest }) => rest);
    assert.ok(!('lost' in left));
  });
});

describe('what keeps an object from being applied', () => {
  it('is asked once of what many others use', () => {
    const levels = 40;
    const refs: Record<ObjectKey, PlannedRef> = {};
    for (let level = 0; level < levels; level++)
      for (const side of ['a', 'b'])
        refs[`Table.ext/${side}${level}`] = {
          key: `Table.ext/${side}${level}`,
          digest: 'd',
          uses: level === 0 ? [] : [`Table.ext/a${level - 1}`, `Table.ext/b${level - 1}`],
        };
    const count = { reads: 0 };
    const plan = { ...planOf(0), refs: counted(refs, count) };
    assert.equal(holdOf(`Table.ext/a${levels - 1}`, plan, NEW_STATE), undefined);
    assert.ok(count.reads <= 2 * levels, `${count.reads} questions about ${2 * levels} objects`);
  });
});
