import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SimulatedCluster } from '../../support/simulated-cluster.ts';
import type { ToyNode, ToySpec } from '../../support/toy-operator.ts';
import { toyOperator } from '../../support/toy-operator.ts';

const BROKER = 'StatefulSet.apps/t1-b';
const CONTROLLER = 'StatefulSet.apps/t1-c';

function sized(storage: string, controller: Partial<ToyNode> = {}): ToySpec {
  return {
    order: ['controller', 'broker'],
    nodes: [
      { name: 'c', role: 'controller', config: '1', ...controller },
      { name: 'b', role: 'broker', config: '1', storage },
    ],
  };
}

function installed(shaping: SimulatedCluster['shaping']): SimulatedCluster {
  const cluster = new SimulatedCluster(toyOperator());
  cluster.want(sized('1Gi'), 1);
  cluster.settle();
  cluster.become(CONTROLLER, 'Current');
  cluster.become(BROKER, 'Current');
  assert.deepEqual(cluster.settle(), []);
  cluster.steps.length = 0;
  cluster.shaping = shaping;
  return cluster;
}

describe('a workload of another shape', () => {
  it('is awaited no more when it is no longer wanted while its claims grow', () => {
    const cluster = installed('wait');
    cluster.want(sized('2Gi'), 2);
    assert.deepEqual(cluster.settle(), [BROKER]);
    cluster.want({ order: ['controller'], nodes: sized('1Gi').nodes.slice(0, 1) }, 3);
    cluster.settle();
    cluster.look();
    assert.deepEqual(cluster.settle(), []);
    assert.equal(cluster.live.has(BROKER), false);
    assert.equal(cluster.state.reshaping, undefined);
  });

  it('that is paused while its claims grow sets no alarm for a time that is past', () => {
    const cluster = installed('wait');
    cluster.want(sized('2Gi'), 2);
    cluster.settle();
    cluster.governance.orders = { pauses: [{ scope: { object: 'StatefulSet/t1-b' } }] };
    cluster.replan();
    cluster.now += 60_000;
    cluster.settle();
    const step = cluster.steps.at(-1);
    assert.ok(step?.kind === 'wait' && step.hold?.reason === 'Paused');
    assert.ok((step.wakeAt ?? Infinity) > cluster.now, `${step.wakeAt} is past`);
  });

  it('that would lose something is looked at at once when somebody approves, however long it was refused', () => {
    const cluster = installed('refuse');
    cluster.want(sized('2Gi'), 2);
    for (let hour = 0; hour < 3; hour++) {
      cluster.settle();
      cluster.now += 3_600_000;
    }
    cluster.settle();
    cluster.shaping = 'done';
    cluster.governance.orders = { approvals: [{ token: 'given' }] };
    cluster.replan();
    assert.deepEqual(cluster.settle(), []);
  });

  it('that is replaced with its pods waits for its turn, runs its hook before and is asked its gate after', () => {
    const cluster = installed('replace');
    cluster.operator = toyOperator({
      gate: function loaded() {
        return true;
      },
      before: function drain() {},
    });
    cluster.want(sized('2Gi', { config: '2' }), 2);
    assert.deepEqual(cluster.settle(), [CONTROLLER]);
    assert.equal(cluster.live.has(BROKER), true);
    cluster.become(CONTROLLER, 'Current');
    cluster.steps.length = 0;
    assert.deepEqual(cluster.settle(), [BROKER]);
    cluster.become(BROKER, 'Current');
    assert.deepEqual(cluster.settle(), []);
    const told = cluster.steps.map((step) => ('key' in step && step.key === BROKER ? step.kind : ''));
    assert.deepEqual(told.filter(Boolean), ['hook', 'reshape', 'reshape', 'reshape', 'gate']);
  });

  it('is looked at anew when a newer spec is wanted before its turn', () => {
    const cluster = installed('replace');
    cluster.want(sized('2Gi', { config: '2' }), 2);
    cluster.settle();
    assert.equal(cluster.state.reshaping?.[BROKER]?.inTurn, true);
    cluster.shaping = 'done';
    cluster.want(sized('1Gi', { config: '2' }), 3);
    cluster.become(CONTROLLER, 'Current');
    assert.deepEqual(cluster.settle(), []);
    assert.equal(cluster.state.reshaping, undefined);
  });

  it('that waits for its turn is made anew at once when somebody deletes it meanwhile', () => {
    const cluster = installed('replace');
    cluster.want(sized('2Gi', { config: '2' }), 2);
    assert.deepEqual(cluster.settle(), [CONTROLLER]);
    cluster.live.delete(BROKER);
    cluster.look([BROKER]);
    cluster.settle();
    assert.equal(cluster.live.has(BROKER), true);
    cluster.become(CONTROLLER, 'Current');
    cluster.settle();
    cluster.become(BROKER, 'Current');
    assert.deepEqual(cluster.settle(), []);
  });
});
