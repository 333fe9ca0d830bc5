import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { health } from '../../../core/health/index.ts';
import type { Health } from '../../../core/health/health.ts';
import { manifest } from './manifests.ts';

function judge(apiVersion: string, kind: string, ...conditions: readonly object[]): Health {
  return health(manifest(apiVersion, kind, { status: { conditions } }));
}

describe('the health of a HorizontalPodAutoscaler', () => {
  const hpa = (...conditions: readonly object[]): Health =>
    judge('autoscaling/v2', 'HorizontalPodAutoscaler', ...conditions);
  const able = { type: 'AbleToScale', status: 'True', reason: 'ReadyForNewScale' };

  it('is Current when it is able to scale', () => {
    assert.equal(hpa(able, { type: 'ScalingActive', status: 'True' }).state, 'Current');
    assert.equal(
      hpa(able, { type: 'ScalingActive', status: 'False', reason: 'ScalingDisabled' }).state,
      'Current',
    );
  });

  it('is Failed when it cannot read its metrics', () => {
    for (const reason of ['FailedGetResourceMetric', 'FailedGetExternalMetric', 'InvalidSelector'])
      assert.equal(hpa(able, { type: 'ScalingActive', status: 'False', reason }).state, 'Failed');
  });

  it('is InProgress before it is seen, and while it is not able to scale', () => {
    assert.equal(hpa().reason, 'NotObserved');
    assert.equal(
      hpa({ type: 'AbleToScale', status: 'False', reason: 'FailedGetScale' }).reason,
      'FailedGetScale',
    );
  });
});

describe('the health of a CustomResourceDefinition', () => {
  const crd = (...conditions: readonly object[]): Health =>
    judge('apiextensions.k8s.io/v1', 'CustomResourceDefinition', ...conditions);
  const accepted = { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts' };

  it('is Current when it is established and its names are accepted', () => {
    assert.equal(crd(accepted, { type: 'Established', status: 'True' }).state, 'Current');
    assert.equal(
      crd(accepted, { type: 'Established', status: 'False', reason: 'Installing' }).state,
      'InProgress',
    );
    assert.equal(crd().state, 'InProgress');
  });

  it('is Failed when its names are taken', () => {
    const taken = {
      type: 'NamesAccepted',
      status: 'False',
      reason: 'PluralConflict',
      message: '"pinots" is taken',
    };
    assert.deepEqual(crd(taken), { state: 'Failed', reason: 'PluralConflict', message: '"pinots" is taken' });
  });
});

describe('the health of a PodDisruptionBudget', () => {
  it('is Current once it is observed', () => {
    const pdb = (status: Readonly<Record<string, unknown>>): string =>
      health(manifest('policy/v1', 'PodDisruptionBudget', { status })).state;
    assert.equal(pdb({ observedGeneration: 2 }), 'Current');
    assert.equal(pdb({ observedGeneration: 1 }), 'InProgress');
    assert.equal(pdb({}), 'InProgress');
  });
});
