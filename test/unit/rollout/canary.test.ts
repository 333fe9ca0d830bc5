import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SimulatedCluster } from '../../support/simulated-cluster.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { toyOperator } from '../../support/toy-operator.ts';

const SERVER = 'StatefulSet.apps/t1-s';

function wanted(config: string, replicas = 3): ToySpec {
  return { order: ['server'], nodes: [{ name: 's', role: 'server', config, replicas }] };
}

function watched(canary?: number): ReturnType<typeof toyOperator> {
  return toyOperator({
    ...(canary ? { canary } : {}),
    gate: function compared() {
      return true;
    },
  });
}

/** One pod has the second configuration, and its gate is closed. */
function atGate(): SimulatedCluster {
  const cluster = new SimulatedCluster(watched(1));
  cluster.want(wanted('1'), 1);
  cluster.settle();
  cluster.become(SERVER, 'Current');
  assert.deepEqual(cluster.settle(), []);
  cluster.gate = 'latency is being compared';
  cluster.want(wanted('2'), 2);
  cluster.settle();
  cluster.become(SERVER, 'Current');
  assert.deepEqual(cluster.settle(), [SERVER]);
  cluster.steps.length = 0;
  return cluster;
}

function open(cluster: SimulatedCluster): void {
  cluster.gate = true;
  cluster.now += 600_000;
  cluster.settle();
  cluster.become(SERVER, 'Current');
  assert.deepEqual(cluster.settle(), []);
}

describe('a canary at its gate', () => {
  it('stays there when another spec is wanted, held, and taken back', () => {
    const cluster = atGate();
    cluster.governance.orders = { pauses: [{ scope: 'rollouts' }] };
    cluster.want(wanted('3'), 3);
    cluster.settle();
    cluster.governance.orders = {};
    cluster.want(wanted('2'), 4);
    assert.deepEqual(cluster.settle(), [SERVER]);
    assert.equal(cluster.state.inventory[SERVER]?.partial, true);
    open(cluster);
    const last = cluster.steps.findLast(({ kind }) => kind === 'apply');
    assert.deepEqual(last, { kind: 'apply', keys: [SERVER], whole: true });
    assert.equal(cluster.state.inventory[SERVER]?.partial, undefined);
  });

  it('stays there when its workflow is lost', () => {
    const cluster = atGate();
    cluster.forget();
    assert.deepEqual(cluster.settle(), [SERVER]);
    assert.equal(cluster.state.inventory[SERVER]?.partial, true);
    open(cluster);
    assert.equal(cluster.state.inventory[SERVER]?.partial, undefined);
  });

  it('ends by one write to all pods when the operator wants no canary any more', () => {
    const cluster = atGate();
    cluster.operator = watched();
    cluster.want(wanted('2'), 3);
    open(cluster);
    assert.equal(cluster.steps.filter(({ kind }) => kind === 'apply').length, 1);
    assert.equal(cluster.state.inventory[SERVER]?.partial, undefined);
  });

  const HPA = { scaler: 'HorizontalPodAutoscaler s' };

  /** `replicas/partition`, of what is there. */
  function shown(cluster: SimulatedCluster): string {
    const { replicas, partition = 0 } = cluster.live.get(SERVER)?.scale ?? {};
    return `${replicas}/${partition}`;
  }

  it('stays as small when an autoscaler or the spec changes the replicas, whichever way', () => {
    const cluster = atGate();
    assert.equal(shown(cluster), '3/2');
    cluster.scale(SERVER, 6, HPA);
    cluster.settle();
    assert.equal(shown(cluster), '6/5');
    cluster.scale(SERVER, 1, HPA);
    cluster.settle();
    assert.equal(shown(cluster), '1/0');
    assert.equal(cluster.state.inventory[SERVER]?.partial, true, 'the gate is still asked');
    cluster.scale(SERVER, 2, {});
    cluster.want(wanted('2', 7), 3);
    cluster.settle();
    assert.equal(shown(cluster), '7/6');
    open(cluster);
    assert.equal(shown(cluster), '7/0');
  });

  it('follows the replicas while rollouts are paused', () => {
    const cluster = atGate();
    cluster.governance.orders = { pauses: [{ scope: 'rollouts' }] };
    cluster.replan();
    cluster.scale(SERVER, 6, HPA);
    cluster.settle();
    assert.equal(shown(cluster), '6/5');
  });

  it('of an older template does not grow by pods of that template', () => {
    const cluster = atGate();
    cluster.want(wanted('3', 6), 3);
    cluster.writes.length = 0;
    cluster.settle();
    const few = cluster.writes.map(
      ({ after: { scale } }) => (scale?.replicas ?? 0) - (scale?.partition ?? 0),
    );
    assert.deepEqual(
      few,
      few.map(() => 1),
    );
    assert.equal(shown(cluster), '6/5');
  });
});
