import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WorkloadOptions } from '../../../index.ts';
import { customResource, defineOperator, deployment } from '../../../index.ts';
import { SimulatedCluster } from '../../support/simulated-cluster.ts';
import type { ToySpec } from '../../support/toy-operator.ts';

const WEB = 'Deployment.apps/t1-web';
const HPA = 'HorizontalPodAutoscaler web';

function wanted(replicas: number | undefined, image = 'app:1'): ToySpec {
  return {
    order: [],
    nodes: [{ name: 'web', role: 'web', config: '', image, ...(replicas === undefined ? {} : { replicas }) }],
  };
}

function running(options: WorkloadOptions, replicas?: number): SimulatedCluster {
  const operator = defineOperator(customResource<ToySpec>('toy.dev/v1', 'Toy'), {
    desired: ({ spec }, named) =>
      spec.nodes.map(({ name, replicas: count, image = '' }) =>
        deployment(
          named(name),
          {
            ...(count === undefined ? {} : { replicas: count }),
            template: { spec: { containers: [{ name: 'main', image }] } },
          },
          options,
        ),
      ),
  });
  const cluster = new SimulatedCluster(operator);
  cluster.want(wanted(replicas), 1);
  heal(cluster);
  return cluster;
}

function heal(cluster: SimulatedCluster): void {
  for (let round = 0; round < 20; round++) {
    if (cluster.settle().length === 0) return;
    cluster.become(WEB, 'Current');
  }
  throw new Error('it does not come to rest');
}

/** What became of the workload with every apply: `app:1 x3`. */
function moves(cluster: SimulatedCluster, act: () => void): readonly string[] {
  const seen: string[] = [];
  const templates = new Map([[cluster.live.get(WEB)?.template, 'old']]);
  const note = (): void => {
    const { template, scale } = cluster.live.get(WEB) ?? {};
    const line = `${templates.get(template) ?? 'new'} x${scale?.replicas}`;
    if (seen.at(-1) !== line) seen.push(line);
  };
  note();
  act();
  for (let round = 0; round < 20; round++) {
    const waits = cluster.settle();
    note();
    if (waits.length === 0) return seen;
    cluster.become(WEB, 'Current');
  }
  throw new Error(`it does not come to rest: ${seen.join(', ')}`);
}

describe('replicas', () => {
  it('that alone change are changed at once, down and up', () => {
    const cluster = running({}, 3);
    assert.deepEqual(
      moves(cluster, () => cluster.want(wanted(7), 2)),
      ['old x3', 'old x7'],
    );
    assert.deepEqual(
      moves(cluster, () => cluster.want(wanted(2), 3)),
      ['old x7', 'old x2'],
    );
  });

  it('grow before the template changes', () => {
    const cluster = running({}, 3);
    assert.deepEqual(
      moves(cluster, () => cluster.want(wanted(5, 'app:2'), 2)),
      ['old x3', 'old x5', 'new x5'],
    );
  });

  it('do not keep a repair waiting: what is not well changes its template first', () => {
    const cluster = running({}, 3);
    cluster.become(WEB, 'Failed');
    cluster.settle();
    cluster.steps.length = 0;
    cluster.want(wanted(5, 'app:2'), 2);
    cluster.settle();
    assert.deepEqual(
      cluster.steps.map(({ kind }) => kind),
      ['apply', 'apply', 'wait'],
    );
    assert.equal(cluster.live.get(WEB)?.scale?.replicas, 5);
  });

  it('that never come up are overtaken by a newer spec', () => {
    const cluster = running({}, 3);
    cluster.want(wanted(50, 'app:2'), 2);
    assert.deepEqual(cluster.settle(), [WEB], 'it waits for the new pods');
    const { template } = cluster.live.get(WEB) ?? {};
    cluster.want(wanted(3, 'app:3'), 3);
    cluster.settle();
    assert.notEqual(cluster.live.get(WEB)?.template, template);
  });

  it('shrink when the new template is through', () => {
    const cluster = running({}, 5);
    assert.deepEqual(
      moves(cluster, () => cluster.want(wanted(2, 'app:2'), 2)),
      ['old x5', 'new x5', 'new x2'],
    );
  });

  it('wait to shrink for as long as the new pods are not well', () => {
    const cluster = running({}, 5);
    cluster.want(wanted(2, 'app:2'), 2);
    cluster.settle();
    cluster.become(WEB, 'Failed');
    cluster.settle();
    assert.equal(cluster.live.get(WEB)?.scale?.replicas, 5);
    cluster.become(WEB, 'Current');
    heal(cluster);
    assert.equal(cluster.live.get(WEB)?.scale?.replicas, 2);
  });

  it('that a person sets are put back', () => {
    const cluster = running({}, 3);
    cluster.scale(WEB, 9, { setBy: 'kubectl' });
    heal(cluster);
    assert.deepEqual(cluster.live.get(WEB)?.scale, { replicas: 3, owned: true });
  });

  it('that a person sets stay where the workload yields, until they are what the resource asks for', () => {
    const cluster = running({ replicas: 'yield' }, 3);
    cluster.scale(WEB, 0, { setBy: 'kubectl' });
    cluster.steps.length = 0;
    heal(cluster);
    cluster.want(wanted(3, 'app:2'), 2);
    heal(cluster);
    assert.equal(cluster.live.get(WEB)?.scale?.replicas, 0, 'also through a rollout');
    cluster.scale(WEB, 3, { setBy: 'kubectl' });
    heal(cluster);
    assert.equal(cluster.live.get(WEB)?.scale?.owned, true, 'ours again');
  });

  it('under an autoscaler are left alone, whatever the resource asks for', () => {
    const cluster = running({}, 3);
    cluster.scale(WEB, 8, { scaler: HPA, setBy: 'kube-controller-manager' });
    cluster.steps.length = 0;
    heal(cluster);
    cluster.want(wanted(2), 2);
    heal(cluster);
    assert.deepEqual(
      cluster.steps.filter(({ kind }) => kind !== 'wait'),
      [],
      'nothing is applied',
    );
    cluster.want(wanted(2, 'app:2'), 3);
    heal(cluster);
    assert.equal(cluster.live.get(WEB)?.scale?.replicas, 8, 'also through a rollout');
  });

  it('go back in steps of a quarter when the autoscaler is gone, each when the former is through', () => {
    const cluster = running({}, 3);
    cluster.scale(WEB, 20, { scaler: HPA });
    heal(cluster);
    assert.deepEqual(
      moves(cluster, () => cluster.scale(WEB, 20, {})),
      [20, 15, 12, 9, 7, 6, 5, 4, 3].map((count) => `old x${count}`),
    );
    assert.equal(cluster.live.get(WEB)?.scale?.owned, true);
  });

  it('go back by quarters when the autoscaler goes in the middle of a rollout', () => {
    const cluster = running({}, 2);
    cluster.scale(WEB, 12, { scaler: HPA, setBy: 'kube-controller-manager' });
    heal(cluster);
    cluster.want(wanted(2, 'app:2'), 2);
    cluster.settle();
    assert.deepEqual(
      moves(cluster, () => cluster.scale(WEB, 12, { setBy: 'kube-controller-manager' })),
      [12, 9, 7, 6, 5, 4, 3, 2].map((count) => `old x${count}`),
    );
  });

  it('go back by quarters when the autoscaler goes before the rollout begins', () => {
    const cluster = running({}, 2);
    cluster.scale(WEB, 12, { scaler: HPA });
    heal(cluster);
    cluster.scale(WEB, 12, {});
    assert.deepEqual(
      moves(cluster, () => cluster.want(wanted(2, 'app:2'), 2)),
      ['old x12', ...[12, 9, 7, 6, 5, 4, 3, 2].map((count) => `new x${count}`)],
    );
  });

  it('go back by quarters when a workflow that knows nothing finds them, also half way', () => {
    const cluster = running({}, 2);
    cluster.scale(WEB, 12, { scaler: HPA });
    heal(cluster);
    cluster.scale(WEB, 12, { setBy: 'the night shift' });
    cluster.settle();
    cluster.become(WEB, 'Current');
    cluster.settle();
    const before = cluster.live.get(WEB)?.scale?.replicas;
    assert.equal(before, 7);
    cluster.forget();
    assert.deepEqual(
      moves(cluster, () => cluster.become(WEB, 'Current')),
      [7, 6, 5, 4, 3, 2].map((count) => `old x${count}`),
    );
    assert.equal(cluster.live.get(WEB)?.scale?.owned, true);
  });

  it('go back by quarters when the autoscaler came and went while nobody watched', () => {
    const cluster = running({}, 3);
    assert.deepEqual(
      moves(cluster, () => cluster.scale(WEB, 8, { setBy: 'kube-controller-manager' })),
      [3, 6, 5, 4, 3].map((count) => `old x${count}`),
    );
  });

  it('go up at once when the autoscaler is gone and had fewer', () => {
    const cluster = running({}, 9);
    cluster.scale(WEB, 2, { scaler: HPA });
    heal(cluster);
    assert.deepEqual(
      moves(cluster, () => cluster.scale(WEB, 2, {})),
      ['old x2', 'old x9'],
    );
  });

  it('that the resource no longer asks for are let go without a change', () => {
    const cluster = running({}, 4);
    assert.deepEqual(
      moves(cluster, () => cluster.want(wanted(undefined), 2)),
      ['old x4'],
    );
    assert.equal(cluster.live.get(WEB)?.scale?.owned, false);
  });
});
