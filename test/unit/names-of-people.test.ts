import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { categoryOf } from '../../core/plan/categories.ts';
import { hintIn } from '../../core/hint.ts';
import { own } from '../../core/own.ts';
import { nextStep } from '../../core/rollout/next-step.ts';
import { NEW_STATE } from '../../core/rollout/state.ts';
import { planView, SimulatedCluster } from '../support/simulated-cluster.ts';
import type { ToySpec } from '../support/toy-operator.ts';
import { toy, toyOperator, TWO_ROLES } from '../support/toy-operator.ts';

const ODD = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'];

function oddSpec(config: string): ToySpec {
  return { order: ODD, nodes: ODD.map((role, index) => ({ name: `n${index}`, role, config })) };
}

describe('names that people choose', () => {
  it('may be those of JavaScript: each role rolls in its place, and is watched as long as the rest', () => {
    const cluster = new SimulatedCluster(toyOperator());
    Object.assign(cluster.governance, { rules: { bakeMs: { '*': 1_000 } } });
    cluster.want(oddSpec('a'), 1);
    for (const role of ODD) assert.ok(cluster.plan?.stages.includes(role), role);
    cluster.settle();
    for (const key of cluster.live.keys()) cluster.become(key, 'Current');
    cluster.settle();
    cluster.want(oddSpec('b'), 2);
    cluster.settle();
    cluster.become('StatefulSet.apps/t1-n0', 'Current');
    cluster.settle();
    const last = cluster.steps.at(-1);
    assert.equal(last?.kind === 'wait' && last.hold?.reason, 'Baking');
  });

  it('may be those of JavaScript: a kind is no method of an object', () => {
    assert.equal(categoryOf('constructor/a'), 'Objects');
    assert.equal(own({ a: 1 }, 'toString'), undefined);
    assert.equal(own({ a: 1 }, 'a'), 1);
  });
});

describe('a hint', () => {
  it('is taken as it is, or asks for a look at everything', () => {
    const resource = { uid: 'u', generation: 1, resourceVersion: '7' };
    assert.deepEqual(hintIn({ resource, objects: ['a'] }), { resource, objects: ['a'] });
    assert.deepEqual(hintIn({}), {});
    for (const odd of [undefined, null, 7, 'x', { resync: 'yes' }, { spent: {} }])
      assert.deepEqual(hintIn(odd), { resync: true });
    assert.deepEqual(hintIn({ resource, objects: [1] }), { resource, resync: true });
  });
});

describe('a plan of very many objects', () => {
  it('is applied in parts that fit into a message', () => {
    const plan = planView(toyOperator(), toy(TWO_ROLES));
    const many = Array.from({ length: 6_000 }, (_, index) => `ConfigMap/c${index}`);
    const refs = Object.fromEntries(many.map((key) => [key, { key, digest: 'd' }]));
    const step = nextStep({ ...plan, refs }, NEW_STATE, 0);
    assert.equal(step.kind, 'apply');
    assert.equal(step.keys.length, 500);
  });
});
