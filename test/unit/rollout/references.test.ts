import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Step } from '../../../core/rollout/step.ts';
import type { SeenReference } from '../../../core/rollout/references.ts';
import { foldReferences } from '../../../core/rollout/references.ts';
import { NEW_STATE } from '../../../core/rollout/state.ts';
import { conditionsOf, statusOf } from '../../../core/status/report.ts';
import { verdictOf } from '../../../core/status/verdict.ts';
import { SimulatedCluster } from '../../support/simulated-cluster.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { toyOperator, TWO_ROLES } from '../../support/toy-operator.ts';

const BROKER = 'StatefulSet.apps/t1-b';
const CONTROLLER = 'StatefulSet.apps/t1-c';
const OTHER = 'Toy.toy.dev/other';
const NOT_READY: SeenReference = {
  seen: 'InProgress',
  trouble: { reason: 'DependencyNotReady', message: 'is not ready: 0 of 1 replicas ready' },
};

function requiring(node: string, config = '1'): ToySpec {
  const nodes = TWO_ROLES.nodes.map((each) => ({
    ...each,
    config,
    ...(each.name === node ? { requires: [{ name: 'other' }] } : {}),
  }));
  return { ...TWO_ROLES, nodes };
}

/** A cluster whose plan saw the other toy so; ready when nothing is said. */
class Requiring extends SimulatedCluster {
  see(other: SeenReference | undefined): void {
    this.state = foldReferences(this.state, other ? { [OTHER]: other } : {}, this.now);
  }

  verdict(): ReturnType<typeof verdictOf> {
    const { plan, state, now } = this;
    const step = this.steps.at(-1);
    return verdictOf({ state, ...(plan ? { plan } : {}), ...(step ? { step } : {}) }, now);
  }

  applied(): string[] {
    return this.steps.flatMap((step: Step) => (step.kind === 'apply' ? [...step.keys] : []));
  }
}

function installed(node: string): Requiring {
  const cluster = new Requiring(toyOperator());
  cluster.want(requiring(node), 1);
  cluster.settle();
  for (const key of [CONTROLLER, BROKER]) cluster.become(key, 'Current');
  assert.deepEqual(cluster.settle(), []);
  cluster.steps.length = 0;
  return cluster;
}

describe('what an object requires', () => {
  it('holds that object, and nothing else of an install', () => {
    const cluster = new Requiring(toyOperator());
    cluster.want(requiring('c'), 1);
    cluster.see(NOT_READY);
    assert.deepEqual(cluster.settle(), [CONTROLLER]);
    assert.ok(cluster.applied().includes(BROKER));
    assert.equal(cluster.applied().includes(CONTROLLER), false);
    cluster.see(undefined);
    cluster.settle();
    assert.ok(cluster.applied().includes(CONTROLLER));
  });

  it('holds a change of the object, and with it the later stages of its order', () => {
    const cluster = installed('c');
    cluster.want(requiring('c', '2'), 2);
    cluster.see(NOT_READY);
    assert.deepEqual(cluster.settle(), [CONTROLLER]);
    assert.deepEqual(
      cluster.applied().filter((key) => key.startsWith('StatefulSet')),
      [],
    );
  });

  it('is needed no more by what is there as wanted', () => {
    const cluster = installed('c');
    cluster.see(NOT_READY);
    assert.deepEqual(cluster.settle(), []);
    assert.equal(cluster.verdict().phase, 'Ready');
  });

  it('is awaited for ever: no deadline runs, and the verdict is no stall', () => {
    const cluster = installed('c');
    cluster.want(requiring('c', '2'), 2);
    cluster.see(NOT_READY);
    cluster.settle();
    const step = cluster.steps.at(-1);
    assert.equal(step?.kind === 'wait' ? step.wakeAt : 0, undefined);
    cluster.now += 86_400_000;
    const { phase, reason, message } = cluster.verdict();
    assert.deepEqual([phase, reason], ['Progressing', 'DependencyNotReady']);
    assert.match(
      message,
      /^StatefulSet t1-c: waits since 2026-01-01T\S+Z for Toy other, which is not ready: 0 of 1 replicas ready/,
    );
    const conditions = conditionsOf(cluster.verdict(), 2);
    assert.equal(conditions.find(({ type }) => type === 'Ready')?.status, 'Unknown');
  });

  it('keeps the time since when it is awaited while the trouble is the same', () => {
    const first = foldReferences(NEW_STATE, { [OTHER]: NOT_READY }, 0);
    const second = foldReferences(first, { [OTHER]: { ...NOT_READY, seen: 'Failed' } }, 60_000);
    assert.deepEqual(second.references?.[OTHER]?.trouble?.since, '1970-01-01T00:00:00Z');
    assert.equal(foldReferences(second, {}, 60_000).references, undefined);
  });

  it('stands in the status with the word that was seen of it', () => {
    const cluster = installed('c');
    cluster.see(NOT_READY);
    const { plan, state } = cluster;
    const { references } = statusOf({ state, ...(plan ? { plan } : {}) }, [], 'default');
    assert.deepEqual(references, [{ object: OTHER, seen: 'InProgress' }]);
  });
});
