import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import colours from 'picocolors';
import type { ClusterView, NodeView, PinotStatus } from './cluster-view.ts';
import { isSettled } from './cluster-view.ts';
import { treeOf } from './tree.ts';

const PLAIN = colours.createColors(false);
const CONTROLLER: NodeView = {
  kind: 'StatefulSet',
  name: 'pinot-controller',
  nodeType: 'controller',
  replicas: 1,
  ready: 1,
  objects: ['ConfigMap pinot-controller-config', 'Service pinot-controller'],
};
const MINION: NodeView = {
  kind: 'Deployment',
  name: 'pinot-minion',
  nodeType: 'minion',
  replicas: 2,
  ready: 0,
  objects: [],
};
const ROLLING: PinotStatus = {
  observedGeneration: 2,
  ready: '1/2',
  conditions: [{ type: 'Ready', status: 'False', reason: 'RollingOut', message: 'minion is changed' }],
  rollout: {
    generation: 2,
    stages: [
      { name: 'controller', state: 'Done', seconds: 1.5 },
      { name: 'minion', state: 'Rolling' },
    ],
  },
};

function view(status: PinotStatus, ...nodes: readonly NodeView[]): ClusterView {
  return { name: 'pinot', generation: 2, status, nodes };
}

describe('the tree of a Pinot', () => {
  it('says nothing of a generation that nobody has looked at yet', () => {
    const reconciled = { type: 'Ready', status: 'True', reason: 'Reconciled', message: '9 objects current' };
    const [title] = treeOf(view({ ...ROLLING, observedGeneration: 1, conditions: [reconciled] }), PLAIN);
    assert.equal(title, 'Pinot pinot generation 2, ready 1/2, not seen yet');
  });

  it('shows the node types in the order of the rollout, and under each its objects', () => {
    assert.deepEqual(treeOf(view(ROLLING, MINION, CONTROLLER), PLAIN), [
      'Pinot pinot generation 2, ready 1/2, RollingOut: minion is changed',
      '├─ controller Done in 1.5 s',
      '│  ├─ StatefulSet pinot-controller 1/1 ready',
      '│  ├─ ConfigMap pinot-controller-config',
      '│  └─ Service pinot-controller',
      '└─ minion Rolling',
      '   └─ Deployment pinot-minion 0/2 ready',
    ]);
  });

  it('says what a stalled Pinot is stalled by', () => {
    const stalled = { type: 'Stalled', status: 'True', reason: 'PlanInvalid', message: 'spec.nodes[0].kind' };
    const status = { ...ROLLING, conditions: [...(ROLLING.conditions ?? []), stalled] };
    assert.equal(
      treeOf(view(status), PLAIN)[0],
      'Pinot pinot generation 2, ready 1/2, PlanInvalid: spec.nodes[0].kind',
    );
  });

  it('is shown before the operator has seen the Pinot', () => {
    assert.deepEqual(treeOf(view({}), PLAIN), ['Pinot pinot generation 2, ready -, not seen yet']);
  });
});

describe('a Pinot', () => {
  const ready = { type: 'Ready', status: 'True', reason: 'Reconciled', message: '' };
  const rollout = { generation: 2, finishedAt: '2026-01-01T00:00:00Z', stages: [] };
  const settled: PinotStatus = { observedGeneration: 2, conditions: [ready], rollout };

  it('is settled when its newest generation is rolled out and ready', () => {
    assert.equal(isSettled(view(settled)), true);
  });

  it('is not settled by what is said of an older generation, or of a rollout under way', () => {
    const { finishedAt: _, ...underWay } = rollout;
    assert.equal(isSettled(view({ ...settled, observedGeneration: 1 })), false);
    assert.equal(isSettled(view({ ...settled, rollout: { ...rollout, generation: 1 } })), false);
    assert.equal(isSettled(view({ ...settled, rollout: underWay })), false);
    assert.equal(isSettled(view(ROLLING)), false);
  });
});
