import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { customResource, defineOperator, deployment } from '../../index.ts';
import { SimulatedCluster } from '../support/simulated-cluster.ts';
import type { ToySpec } from '../support/toy-operator.ts';

const WEB = 'Deployment.apps/t1-web';
const HPA = 'HorizontalPodAutoscaler web';

type Event =
  | { readonly kind: 'want'; readonly replicas: number | undefined; readonly image: string }
  | { readonly kind: 'autoscaler' | 'person'; readonly replicas: number }
  | { readonly kind: 'autoscaler goes' }
  | { readonly kind: 'health'; readonly health: 'Current' | 'InProgress' | 'Failed' };

const replicas = fc.nat(12);
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({
    kind: fc.constant('want' as const),
    replicas: fc.option(replicas, { nil: undefined }),
    image: fc.constantFrom('app:1', 'app:2', 'app:3'),
  }),
  fc.record({ kind: fc.constantFrom('autoscaler' as const, 'person' as const), replicas }),
  fc.record({ kind: fc.constant('autoscaler goes' as const) }),
  fc.record({
    kind: fc.constant('health' as const),
    health: fc.constantFrom('Current' as const, 'InProgress' as const, 'Failed' as const),
  }),
);
const events = fc.array(event, { maxLength: 15 });

function installed(policy: 'own' | 'yield'): SimulatedCluster {
  const operator = defineOperator(customResource<ToySpec>('toy.dev/v1', 'Toy'), {
    desired: ({ spec }, named) =>
      spec.nodes.map(({ name, replicas: count, image = '' }) =>
        deployment(
          named(name),
          {
            ...(count === undefined ? {} : { replicas: count }),
            template: { spec: { containers: [{ name: 'main', image }] } },
          },
          { replicas: policy },
        ),
      ),
  });
  const cluster = new SimulatedCluster(operator);
  happen(cluster, { kind: 'want', replicas: 3, image: 'app:1' }, 1);
  heal(cluster);
  return cluster;
}

function happen(cluster: SimulatedCluster, each: Event, generation: number): void {
  const scaler = cluster.live.get(WEB)?.scale?.scaler;
  switch (each.kind) {
    case 'want': {
      const count = each.replicas === undefined ? {} : { replicas: each.replicas };
      const node = { name: 'web', role: 'web', config: '', image: each.image, ...count };
      return cluster.want({ order: [], nodes: [node] }, generation);
    }
    case 'autoscaler':
      return cluster.scale(WEB, each.replicas, { scaler: HPA, setBy: 'kube-controller-manager' });
    case 'person':
      return cluster.scale(WEB, each.replicas, { setBy: 'kubectl', ...(scaler ? { scaler } : {}) });
    case 'autoscaler goes':
      return cluster.scale(WEB, replicasIn(cluster), {});
    case 'health':
      return cluster.become(WEB, each.health);
  }
}

function replicasIn(cluster: SimulatedCluster): number {
  return cluster.live.get(WEB)?.scale?.replicas ?? 0;
}

/** Lets the workload become healthy, as often as it takes. */
function heal(cluster: SimulatedCluster): void {
  for (let round = 0; round < 60; round++) {
    if (cluster.settle().length === 0) return;
    cluster.become(WEB, 'Current');
  }
  assert.deepEqual(cluster.settle(), [], 'it comes to rest');
}

/** Every write of ours to the workload, over any events. */
function writesOver(cluster: SimulatedCluster, all: readonly Event[]): typeof cluster.writes {
  for (const [index, each] of all.entries()) {
    happen(cluster, each, index + 2);
    cluster.settle();
  }
  heal(cluster);
  return cluster.writes.filter(({ key }) => key === WEB);
}

const policy = fc.constantFrom('own' as const, 'yield' as const);

describe('replicas, over any specs, autoscalers, people and crashes', () => {
  it('never change in one write with the pod template', () => {
    fc.assert(
      fc.property(policy, events, (own, all) => {
        for (const { before, after } of writesOver(installed(own), all)) {
          const scaled = before.scale?.replicas !== after.scale?.replicas;
          assert.ok(!scaled || before.template === after.template, JSON.stringify([before, after]));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('are never changed while an autoscaler decides about them', () => {
    fc.assert(
      fc.property(policy, events, (own, all) => {
        for (const { before, after } of writesOver(installed(own), all))
          if (before.scale?.scaler) assert.equal(after.scale?.replicas, before.scale.replicas);
      }),
      { numRuns: 300 },
    );
  });

  it('end as the resource asks for them, where nobody else decides', () => {
    fc.assert(
      fc.property(events, (all) => {
        const cluster = installed('own');
        writesOver(cluster, all);
        const { scale } = cluster.live.get(WEB) ?? {};
        const asked = cluster.plan?.refs[WEB]?.replicas;
        if (scale?.scaler || asked === undefined) assert.equal(scale?.owned, false);
        else assert.deepEqual([scale?.replicas, scale?.owned], [asked, true]);
      }),
      { numRuns: 300 },
    );
  });
});
