import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ONLY_THE_CANARY } from '../../../core/rollout/canary.ts';
import { reportRollout } from '../../../core/rollout/fold-progress.ts';
import { resumeRollout } from '../../../core/rollout/resume-rollout.ts';
import type { PlanView, ReconcileState } from '../../../core/rollout/state.ts';
import { NEW_STATE } from '../../../core/rollout/state.ts';
import { SimulatedCluster } from '../../support/simulated-cluster.ts';
import { toyOperator } from '../../support/toy-operator.ts';
import { configured, FOUR_ROLES } from '../../support/toy-specs.ts';

const workload = (role: string): string => `StatefulSet.apps/t1-${role}`;

/** The second gate of an upgrade of four stages is closed. */
function halfUpgraded(): { readonly plan: PlanView; readonly state: ReconcileState } {
  const isThrough = (): true => true;
  const cluster = new SimulatedCluster(toyOperator({ gate: isThrough }));
  const become = (role: string): void => {
    cluster.become(workload(role), 'Current');
    cluster.settle();
  };
  cluster.want(FOUR_ROLES, 1);
  cluster.settle();
  for (const role of FOUR_ROLES.order) become(role);
  cluster.want(configured(FOUR_ROLES, '2'), 2);
  cluster.settle();
  become('controller');
  cluster.gate = 'not yet';
  become('broker');
  const { plan, state } = cluster;
  assert.ok(plan && state.rollout);
  return { plan, state };
}

describe('a rollout whose workflow is gone', () => {
  it('is resumed as its report tells: what is through stays so, and the gate of what is not is asked anew', () => {
    const { plan, state } = halfUpgraded();
    assert.ok(state.rollout);
    const { rollout } = resumeRollout(
      { ...NEW_STATE, inventory: state.inventory },
      plan,
      reportRollout(state.rollout, plan),
    );
    assert.deepEqual(
      { ...rollout, passages: {} },
      { ...state.rollout, passages: {} },
      'its times and stages are the same',
    );
    assert.deepEqual(rollout?.passages, { [workload('broker')]: { before: true, applied: true } });
  });

  it('shows the rest of a canary only when its gate says so', () => {
    const { plan, state } = halfUpgraded();
    assert.ok(state.rollout);
    const key = workload('broker');
    const ref = plan.refs[key];
    const entry = state.inventory[key];
    assert.ok(ref && entry);
    const { rollout } = resumeRollout(
      { ...NEW_STATE, inventory: { ...state.inventory, [key]: { ...entry, digest: ONLY_THE_CANARY } } },
      { ...plan, refs: { ...plan.refs, [key]: { ...ref, canary: 1 } } },
      reportRollout(state.rollout, plan),
    );
    assert.equal(rollout?.passages[key]?.canary, 'rolling');
  });

  it('is over when its report says when it ended', () => {
    const { plan, state } = halfUpgraded();
    assert.ok(state.rollout);
    const report = { ...reportRollout(state.rollout, plan), finishedAt: '2026-01-01T00:00:00Z' };
    assert.equal(resumeRollout(NEW_STATE, plan, report).rollout, undefined);
  });
});
