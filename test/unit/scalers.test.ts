import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Manifest } from '../../core/manifest.ts';
import { scaleOf, scalerFrom } from '../../core/scalers.ts';

const manifest = (apiVersion: string, kind: string, spec: object, metadata: object = {}): Manifest => ({
  apiVersion,
  kind,
  metadata: { name: 'web', namespace: 'ns', ...metadata },
  spec,
});
const web = (metadata: object = {}): Manifest => manifest('apps/v1', 'Deployment', { replicas: 3 }, metadata);
const hpa = (target: object): Manifest =>
  manifest('autoscaling/v2', 'HorizontalPodAutoscaler', { scaleTargetRef: target });

function scalerAmong(workload: Manifest, ...scalers: readonly Manifest[]): string | undefined {
  const found = scalers.map(scalerFrom).filter((each) => each !== undefined);
  return scaleOf(workload, 'op', found)?.scaler;
}

describe('the scaler of a workload', () => {
  it('is the autoscaler whose target it is, by group, kind, namespace and name', () => {
    const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
    assert.equal(scalerAmong(web(), hpa(target)), 'HorizontalPodAutoscaler web');
    for (const other of [{ kind: 'StatefulSet' }, { name: 'other' }, { apiVersion: 'argoproj.io/v1alpha1' }])
      assert.equal(scalerAmong(web(), hpa({ ...target, ...other })), undefined);
    assert.equal(scalerAmong(web({ namespace: 'other' }), hpa(target)), undefined);
  });

  it("is KEDA's ScaledObject, which means a Deployment where it names no kind", () => {
    const scaled = manifest('keda.sh/v1alpha1', 'ScaledObject', { scaleTargetRef: { name: 'web' } });
    assert.equal(scalerAmong(web(), scaled), 'ScaledObject web');
    assert.equal(scalerAmong({ ...web(), kind: 'StatefulSet' }, scaled), undefined);
  });

  it('is whom its annotation names', () => {
    const annotations = { 'durable-operator.dev/scaled-by': 'Autoscaler pinot' };
    assert.equal(scalerAmong(web({ annotations })), 'Autoscaler pinot');
  });

  it('is nobody for an object that only looks like an autoscaler, or scales nothing', () => {
    const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
    assert.equal(scalerFrom(manifest('example.org/v1', 'Thing', { scaleTargetRef: target })), undefined);
    assert.equal(scalerFrom(hpa({})), undefined);
    assert.equal(scalerFrom(manifest('autoscaling/v2', 'HorizontalPodAutoscaler', {})), undefined);
  });
});

describe('the scale of a workload', () => {
  const fieldsV1 = { 'f:spec': { 'f:replicas': {} } };
  const managed = (...managedFields: readonly object[]): Manifest => web({ managedFields });

  it("is ours by our own apply, and not by the hand-over's", () => {
    const ours = { manager: 'op', operation: 'Apply', fieldsV1 };
    assert.deepEqual(scaleOf(managed(ours), 'op', []), { replicas: 3, owned: true });
    assert.deepEqual(scaleOf(managed({ ...ours, manager: 'op-handover' }), 'op', []), {
      replicas: 3,
      owned: false,
    });
  });

  it('names another manager that set the replicas', () => {
    const kubectl = { manager: 'kubectl', operation: 'Update', subresource: 'scale', fieldsV1 };
    const status = { manager: 'kcm', operation: 'Update', fieldsV1: { 'f:status': { 'f:replicas': {} } } };
    assert.deepEqual(scaleOf(managed(status, kubectl), 'op', []), {
      replicas: 3,
      owned: false,
      setBy: 'kubectl',
    });
  });

  it('is none for what cannot be scaled', () => {
    assert.equal(scaleOf({ ...web(), kind: 'DaemonSet' }, 'op', []), undefined);
  });
});
