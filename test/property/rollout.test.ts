import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isWorkload } from '../../core/plan/categories.ts';
import { SimulatedCluster } from '../support/simulated-cluster.ts';
import type { ToyNode, ToySpec } from '../support/toy-operator.ts';
import { toyOperator } from '../support/toy-operator.ts';

const ROLES = ['controller', 'broker', 'server', 'minion'];

const node: fc.Arbitrary<ToyNode> = fc.record({
  name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  role: fc.constantFrom(...ROLES),
  config: fc.constantFrom('1', '2', '3'),
  replicas: fc.integer({ min: 0, max: 3 }),
});

const spec: fc.Arbitrary<ToySpec> = fc.record({
  order: fc.shuffledSubarray(ROLES),
  nodes: fc.uniqueArray(node, { selector: ({ name }) => name, maxLength: 5 }),
});

type Event =
  | { readonly kind: 'want'; readonly spec: ToySpec }
  | { readonly kind: 'health'; readonly pick: number; readonly health: 'Current' | 'InProgress' | 'Failed' }
  | { readonly kind: 'edit' | 'delete'; readonly pick: number }
  | { readonly kind: 'late'; readonly ms: number };

const pick = fc.nat(100);
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ kind: fc.constant('want' as const), spec }),
  fc.record({
    kind: fc.constant('health' as const),
    pick,
    health: fc.constantFrom('Current' as const, 'InProgress' as const, 'Failed' as const),
  }),
  fc.record({ kind: fc.constantFrom('edit' as const, 'delete' as const), pick }),
  fc.record({ kind: fc.constant('late' as const), ms: fc.nat(100_000) }),
);

function happen(cluster: SimulatedCluster, each: Event, generation: number): void {
  const keys = [...cluster.live.keys()];
  const key = 'pick' in each ? keys[each.pick % Math.max(keys.length, 1)] : undefined;
  if (each.kind === 'want') cluster.want(each.spec, generation);
  else if (each.kind === 'late') cluster.now += each.ms;
  else if (key === undefined) return;
  else if (each.kind === 'health') cluster.become(key, each.health);
  else if (each.kind === 'edit') cluster.edit(key);
  else cluster.live.delete(key);
  cluster.look();
}

/** Lets every workload become healthy, as often as it takes. */
function heal(cluster: SimulatedCluster): readonly string[] {
  for (let round = 0; round < 50; round++) {
    const waits = cluster.settle();
    if (waits.length === 0) return waits;
    for (const key of cluster.live.keys()) cluster.become(key, 'Current');
  }
  return cluster.settle();
}

describe('a rollout, over any specs, edits, deletions, crashes and orders of events', () => {
  it('ends with exactly what is desired, once everything is healthy', () => {
    fc.assert(
      fc.property(spec, fc.array(event, { maxLength: 12 }), (first, events) => {
        const cluster = new SimulatedCluster(toyOperator());
        cluster.want(first, 1);
        cluster.settle();
        events.forEach((each, index) => {
          happen(cluster, each, index + 2);
          cluster.settle();
        });
        cluster.look();
        assert.deepEqual(heal(cluster), []);
        assert.deepEqual([...cluster.live.keys()].sort(), Object.keys(cluster.plan?.refs ?? {}).sort());
        assert.equal(cluster.state.rollout, undefined);
        assert.deepEqual(cluster.state.unhealthy, {});
      }),
      { numRuns: 200 },
    );
  });

  it('never changes the pods of two stages at once, and never of a later stage while a former one is not current', () => {
    fc.assert(
      fc.property(spec, fc.array(event, { maxLength: 12 }), (first, events) => {
        const cluster = new SimulatedCluster(toyOperator());
        cluster.want(first, 1);
        heal(cluster);
        events.forEach((each, index) => {
          happen(cluster, each, index + 2);
          const before = new Map(cluster.live);
          cluster.settle();
          const refs = cluster.plan?.refs ?? {};
          const rolled = [...cluster.live].filter(([key, live]) => {
            const known = before.get(key);
            return isWorkload(key) && known && known.template !== live.template;
          });
          const stages = new Set(rolled.map(([key]) => refs[key]?.stage));
          assert.ok(stages.size <= 1, `stages ${[...stages].join(', ')} changed at once`);
          for (const [rolledKey] of rolled)
            for (const [key, { stage }] of Object.entries(refs).map(([other, ref]) => [other, ref] as const))
              if (isWorkload(key) && (stage ?? 0) < (refs[rolledKey]?.stage ?? 0))
                assert.equal(
                  before.get(key)?.health,
                  'Current',
                  `${rolledKey} rolled while ${key} was not current`,
                );
        });
      }),
      { numRuns: 200 },
    );
  });

  it('never prunes what is desired', () => {
    fc.assert(
      fc.property(spec, fc.array(event, { maxLength: 12 }), (first, events) => {
        const cluster = new SimulatedCluster(toyOperator());
        cluster.want(first, 1);
        events.forEach((each, index) => {
          happen(cluster, each, index + 2);
          cluster.steps.length = 0;
          cluster.settle();
          for (const step of cluster.steps)
            if (step.kind === 'prune')
              for (const key of step.keys) assert.equal(key in (cluster.plan?.refs ?? {}), false);
        });
      }),
      { numRuns: 200 },
    );
  });

  it('decides the same again from the same knowledge, and from its JSON', () => {
    fc.assert(
      fc.property(spec, fc.array(event, { maxLength: 8 }), (first, events) => {
        const [one, two] = [new SimulatedCluster(toyOperator()), new SimulatedCluster(toyOperator())];
        for (const cluster of [one, two]) cluster.want(first, 1);
        events.forEach((each, index) => {
          two.state = JSON.parse(JSON.stringify(two.state));
          for (const cluster of [one, two]) {
            happen(cluster, each, index + 2);
            cluster.settle();
          }
        });
        assert.deepEqual(one.steps, two.steps);
        assert.deepEqual(one.state, two.state);
      }),
      { numRuns: 100 },
    );
  });
});
