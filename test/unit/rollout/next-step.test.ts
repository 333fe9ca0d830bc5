import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Step } from '../../../core/rollout/step.ts';
import { SimulatedCluster } from '../../support/simulated-cluster.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { toyOperator, TWO_ROLES } from '../../support/toy-operator.ts';
import { unversioned, versionIn, versionsIn } from '../../support/versions.ts';

const BROKER = 'StatefulSet.apps/t1-b';
const CONTROLLER = 'StatefulSet.apps/t1-c';

function configured(config: string): ToySpec {
  return { ...TWO_ROLES, nodes: TWO_ROLES.nodes.map((node) => ({ ...node, config })) };
}

function installed(): SimulatedCluster {
  const cluster = new SimulatedCluster(toyOperator());
  cluster.want(TWO_ROLES, 1);
  cluster.settle();
  cluster.become(CONTROLLER, 'Current');
  cluster.become(BROKER, 'Current');
  assert.deepEqual(cluster.settle(), []);
  cluster.steps.length = 0;
  return cluster;
}

function applied(steps: readonly Step[]): readonly string[] {
  return steps.flatMap((step) => (step.kind === 'apply' ? [...step.keys] : []));
}

describe('next step', () => {
  it('applies what runs no pods first, then all new workloads together', () => {
    const cluster = new SimulatedCluster(toyOperator());
    cluster.want(TWO_ROLES, 1);
    cluster.settle();
    const [supporting, workloads] = cluster.steps;
    assert.deepEqual(unversioned(applied(supporting ? [supporting] : [])).toSorted(), [
      'ConfigMap/t1-b-config',
      'ConfigMap/t1-c-config',
      'Service/t1-b',
      'Service/t1-c',
    ]);
    assert.deepEqual(applied(workloads ? [workloads] : []).toSorted(), [BROKER, CONTROLLER]);
  });

  it('does nothing when nothing differs', () => {
    const cluster = installed();
    cluster.want(TWO_ROLES, 2);
    assert.deepEqual(cluster.settle(), []);
    assert.deepEqual(applied(cluster.steps), []);
  });

  it('rolls a later stage only when the former is current', () => {
    const cluster = installed();
    cluster.want(configured('x'), 2);
    assert.deepEqual(cluster.settle(), [CONTROLLER]);
    assert.equal(applied(cluster.steps).includes(BROKER), false);
    cluster.become(CONTROLLER, 'Current');
    assert.deepEqual(cluster.settle(), [BROKER]);
    cluster.become(BROKER, 'Current');
    assert.deepEqual(cluster.settle(), []);
  });

  it('halts at a workload that fails, and leaves later stages untouched', () => {
    const cluster = installed();
    cluster.want(configured('x'), 2);
    cluster.settle();
    cluster.become(CONTROLLER, 'Failed');
    assert.deepEqual(cluster.settle(), [CONTROLLER]);
    assert.equal(applied(cluster.steps).includes(BROKER), false);
  });

  it('lets a newer spec fix what a rollout waits for, at once', () => {
    const cluster = installed();
    cluster.want(configured('bad'), 2);
    cluster.settle();
    cluster.become(CONTROLLER, 'Failed');
    cluster.settle();
    cluster.steps.length = 0;
    cluster.want(configured('good'), 3);
    cluster.settle();
    assert.ok(applied(cluster.steps).includes(CONTROLLER));
  });

  it('decides per workload whether it is new: a resource edited while it installs still installs in parallel', () => {
    const cluster = new SimulatedCluster(toyOperator());
    cluster.want(TWO_ROLES, 1);
    cluster.settle();
    const grown = { ...TWO_ROLES, nodes: [...TWO_ROLES.nodes, { name: 'd', role: 'broker', config: 'd' }] };
    cluster.want(grown, 2);
    cluster.settle();
    assert.ok(applied(cluster.steps).includes('StatefulSet.apps/t1-d'));
  });

  it('scales at once, without waiting for a stage', () => {
    const cluster = installed();
    cluster.become(CONTROLLER, 'InProgress');
    cluster.want({ ...TWO_ROLES, nodes: TWO_ROLES.nodes.map((node) => ({ ...node, replicas: 5 })) }, 2);
    cluster.settle();
    assert.deepEqual(applied(cluster.steps).toSorted(), [BROKER, CONTROLLER]);
  });

  it('puts back what somebody edited or deleted (the seed compared its own annotation only)', () => {
    const cluster = installed();
    cluster.edit(BROKER);
    const config = versionIn(cluster.live.keys(), 'ConfigMap/t1-c-config');
    cluster.live.delete(config);
    cluster.look();
    cluster.settle();
    assert.deepEqual(applied(cluster.steps).toSorted(), [config, BROKER]);
  });

  it('prunes every kind that is no longer desired, also the last of its kind (the seed never pruned StatefulSets)', () => {
    const cluster = installed();
    cluster.want({ order: [], nodes: [] }, 2);
    assert.deepEqual(cluster.settle(), []);
    assert.deepEqual([...cluster.live.keys()], []);
    assert.deepEqual(cluster.state.inventory, {});
  });

  it('prunes only when every workload that stays is current', () => {
    const cluster = installed();
    const [controller] = TWO_ROLES.nodes;
    assert.ok(controller);
    cluster.want({ order: ['controller'], nodes: [{ ...controller, config: 'x' }] }, 2);
    assert.deepEqual(cluster.settle(), [CONTROLLER]);
    assert.ok(cluster.live.has(BROKER));
    cluster.become(CONTROLLER, 'Current');
    assert.deepEqual(cluster.settle(), []);
    assert.equal(cluster.live.has(BROKER), false);
  });

  it('goes on with independent objects when one is refused, and holds only what needs it', () => {
    const cluster = new SimulatedCluster(toyOperator());
    cluster.refused.set('ConfigMap/t1-b-config', 'data: Invalid value');
    cluster.want(TWO_ROLES, 1);
    cluster.settle();
    assert.ok(cluster.live.has(CONTROLLER));
    assert.equal(cluster.live.has(BROKER), false);
    assert.deepEqual(unversioned(Object.keys(cluster.state.refusals)), ['ConfigMap/t1-b-config']);
  });

  it('tries a refused object again slowly, and at once when it is another', () => {
    const cluster = new SimulatedCluster(toyOperator());
    cluster.refused.set('ConfigMap/t1-b-config', 'no');
    cluster.want(TWO_ROLES, 1);
    cluster.settle();
    cluster.refused.clear();
    cluster.settle();
    assert.deepEqual(versionsIn(cluster.live.keys(), 'ConfigMap/t1-b-config'), []);
    cluster.now += 60_000;
    cluster.settle();
    assert.ok(versionIn(cluster.live.keys(), 'ConfigMap/t1-b-config'));
    assert.ok(cluster.live.has(BROKER));
  });

  it('asks the gate of a stage after it is current, and holds the next one while it is closed', () => {
    const cluster = new SimulatedCluster(
      toyOperator({
        gate: function segmentsLoaded() {
          return true;
        },
      }),
    );
    cluster.want(TWO_ROLES, 1);
    cluster.settle();
    cluster.become(CONTROLLER, 'Current');
    cluster.become(BROKER, 'Current');
    cluster.settle();
    cluster.gate = '3 of 9 segments loaded';
    cluster.want(configured('x'), 2);
    cluster.settle();
    cluster.become(CONTROLLER, 'Current');
    assert.deepEqual(cluster.settle(), [CONTROLLER]);
    cluster.gate = true;
    cluster.now += 60_000;
    assert.deepEqual(cluster.settle(), [BROKER]);
  });

  it('runs hooks once per rollout and workload, before and after', () => {
    const hooks = { before: function drain() {}, after: function rebalance() {}, hooksOnInstall: true };
    const cluster = new SimulatedCluster(toyOperator(hooks));
    cluster.want(TWO_ROLES, 1);
    for (let round = 0; round < 4; round++) {
      cluster.settle();
      cluster.become(CONTROLLER, 'Current');
      cluster.become(BROKER, 'Current');
    }
    const told = cluster.steps.flatMap((step) => (step.kind === 'hook' ? [`${step.when} ${step.key}`] : []));
    assert.deepEqual(
      told.toSorted(),
      [`after ${BROKER}`, `after ${CONTROLLER}`, `before ${BROKER}`, `before ${CONTROLLER}`].toSorted(),
    );
  });

  it('makes a deleted workload again without a rollout, also when a plan was made anew before it could', () => {
    const cluster = installed();
    cluster.governance.orders = { pauses: [{ scope: 'all', until: cluster.now + 60_000 }] };
    cluster.replan();
    cluster.live.delete(BROKER);
    cluster.look();
    assert.deepEqual(cluster.settle(), [BROKER]);
    cluster.replan();
    assert.deepEqual(cluster.settle(), [BROKER]);
    cluster.governance.orders = {};
    cluster.replan();
    cluster.settle();
    assert.equal(cluster.state.rollout, undefined);
    assert.deepEqual(applied(cluster.steps), [BROKER]);
  });

  it('records when a rollout and each of its stages started and finished', () => {
    const cluster = installed();
    cluster.want(configured('x'), 2);
    cluster.settle();
    cluster.become(CONTROLLER, 'Current');
    cluster.settle();
    cluster.become(BROKER, 'Current');
    cluster.settle();
    const [rollout] = cluster.state.journal;
    assert.equal(rollout?.trigger, 'Change');
    assert.deepEqual(
      rollout?.stages.map(({ name, state }) => [name, state]),
      [
        ['controller', 'Done'],
        ['broker', 'Done'],
      ],
    );
    assert.ok(rollout?.finishedAt);
  });

  it('keeps a state that survives JSON, and under 250 bytes an object', () => {
    const { state } = installed();
    assert.deepEqual(JSON.parse(JSON.stringify(state)), state);
    assert.ok(JSON.stringify(state.inventory).length / Object.keys(state.inventory).length < 250);
  });
});
