import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isExternal } from '../../core/plan/categories.ts';
import type { ObjectKey } from '../../core/refs.ts';
import { SimulatedCluster } from '../support/simulated-cluster.ts';
import { tableOperator } from '../support/toy-external.ts';
import type { ToyNode, ToySpec } from '../support/toy-operator.ts';

/** Tables and pods in a row, each using the one before. */
const spec: fc.Arbitrary<ToySpec> = fc
  .uniqueArray(
    fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      config: fc.constantFrom('1', '2'),
      runs: fc.boolean(),
    }),
    { selector: ({ name }) => name, maxLength: 4 },
  )
  .map((nodes) => ({
    order: [],
    nodes: nodes.map(({ name, config, runs }): ToyNode => ({
      name,
      role: name,
      config,
      ...(runs ? { image: `toy:${config}` } : {}),
    })),
  }));

type Event =
  | { readonly kind: 'want'; readonly spec: ToySpec }
  | { readonly kind: 'edit' | 'delete' | 'refuse' | 'admit' | 'heal'; readonly pick: number };

const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ kind: fc.constant('want' as const), spec }),
  fc.record({
    kind: fc.constantFrom(
      'edit' as const,
      'delete' as const,
      'refuse' as const,
      'admit' as const,
      'heal' as const,
    ),
    pick: fc.nat(20),
  }),
);

function happen(cluster: SimulatedCluster, each: Event, generation: number): void {
  if (each.kind === 'want') return cluster.want(each.spec, generation);
  const keys = [...new Set([...cluster.live.keys(), ...Object.keys(cluster.plan?.refs ?? {})])];
  const key = keys[each.pick % Math.max(keys.length, 1)];
  if (key === undefined) return;
  if (each.kind === 'edit') cluster.edit(key);
  else if (each.kind === 'delete') cluster.live.delete(key);
  else if (each.kind === 'refuse' && isExternal(key)) cluster.refused.set(key, 'its server is away');
  else if (each.kind === 'admit') cluster.refused.delete(key);
  else if (each.kind === 'heal' && cluster.live.has(key)) cluster.become(key, 'Current');
  cluster.look();
}

/** Servers answer, pods become ready, time passes. */
function settle(cluster: SimulatedCluster): readonly ObjectKey[] {
  cluster.refused.clear();
  for (let round = 0; round < 40; round++) {
    if (cluster.settle().length === 0) return [];
    for (const key of cluster.live.keys()) cluster.become(key, 'Current');
    cluster.now += 700_000;
  }
  return cluster.settle();
}

describe('external objects, over any specs, edits, refusals and orders of events', () => {
  it('are exactly those that are desired, once their servers answer', () => {
    fc.assert(
      fc.property(spec, fc.array(event, { maxLength: 12 }), (first, events) => {
        const cluster = new SimulatedCluster(tableOperator());
        cluster.want(first, 1);
        cluster.settle();
        events.forEach((each, index) => {
          happen(cluster, each, index + 2);
          cluster.settle();
        });
        cluster.look();
        assert.deepEqual(settle(cluster), []);
        assert.deepEqual([...cluster.live.keys()].sort(), Object.keys(cluster.plan?.refs ?? {}).sort());
        assert.deepEqual(cluster.state.refusals, {});
        assert.equal(cluster.state.rollout, undefined);
      }),
      { numRuns: 150 },
    );
  });

  it('are never applied before what they use is there as planned', () => {
    fc.assert(
      fc.property(spec, spec, (first, second) => {
        const cluster = new SimulatedCluster(tableOperator());
        [first, second].forEach((wanted, index) => {
          cluster.want(wanted, index + 1);
          for (let waits = obey(cluster); waits.length > 0; waits = obey(cluster)) {
            for (const key of cluster.live.keys()) cluster.become(key, 'Current');
            cluster.now += 31_000;
          }
        });
      }),
      { numRuns: 150 },
    );
  });
});

/** Settles, and holds every step to the order; answers what is awaited. */
function obey(cluster: SimulatedCluster): readonly ObjectKey[] {
  const refs = cluster.plan?.refs ?? {};
  const there = new Set(
    Object.keys(refs).filter((key) => cluster.state.inventory[key]?.digest === refs[key]?.digest),
  );
  const from = cluster.steps.length;
  const waits = cluster.settle();
  for (const step of cluster.steps.slice(from)) {
    if (step.kind !== 'apply') continue;
    const used = step.keys.filter(isExternal).flatMap((key) => refs[key]?.uses ?? []);
    for (const key of used) assert.ok(there.has(key), `${step.keys.join()} before ${key}`);
    for (const key of step.keys) there.add(key);
  }
  return waits;
}
