import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { health } from '../../../core/health/index.ts';
import type { Manifest } from '../../../core/manifest.ts';
import { manifest } from './manifests.ts';

type Json = Readonly<Record<string, unknown>>;

function widget(status: Json, metadata: Json = {}): Manifest {
  return manifest('example.com/v1', 'Widget', { metadata, status });
}

function condition(type: string, status: string): Json {
  return { conditions: [{ type, status, reason: 'Because', message: 'it takes\n its time.' }] };
}

describe('the health of any object', () => {
  it('is Terminating while it is being deleted, whatever else it says', () => {
    const deleted = widget(condition('Stalled', 'True'), { deletionTimestamp: '2026-05-01T12:00:00Z' });
    assert.equal(health(deleted).state, 'Terminating');
  });

  it('is InProgress while its newest generation is not observed', () => {
    const { state, reason, message } = health(
      widget({ observedGeneration: 1, ...condition('Ready', 'True') }),
    );
    assert.deepEqual([state, reason], ['InProgress', 'NotObserved']);
    assert.equal(message, 'its controller has seen generation 1 and not yet 2');
  });

  it('follows Reconciling and Stalled', () => {
    assert.deepEqual(health(widget(condition('Reconciling', 'True'))), {
      state: 'InProgress',
      reason: 'Because',
      message: 'it takes its time',
    });
    assert.equal(health(widget(condition('Stalled', 'True'))).state, 'Failed');
    assert.equal(health(widget(condition('Stalled', 'False'))).state, 'Current');
  });

  it('follows Ready', () => {
    assert.equal(health(widget(condition('Ready', 'True'))).state, 'Current');
    assert.equal(health(widget(condition('Ready', 'False'))).state, 'InProgress');
    assert.equal(health(widget(condition('Ready', 'Unknown'))).state, 'InProgress');
  });

  it('is Current when it says nothing', () => {
    for (const [apiVersion, kind] of [
      ['v1', 'ConfigMap'],
      ['v1', 'Secret'],
      ['v1', 'ServiceAccount'],
      ['rbac.authorization.k8s.io/v1', 'Role'],
      ['networking.k8s.io/v1', 'NetworkPolicy'],
      ['batch/v1', 'CronJob'],
      ['example.com/v1', 'Widget'],
    ] as const)
      assert.equal(health(manifest(apiVersion, kind)).state, 'Current', kind);
  });

  it('is InProgress when it says nothing and is of a kind that is known to write Ready', () => {
    assert.equal(health(manifest('cert-manager.io/v1', 'Certificate')).reason, 'NotObserved');
  });

  it('is told by the group of a kind, not by its name alone', () => {
    assert.equal(health(manifest('example.com/v1', 'StatefulSet')).state, 'Current');
    assert.equal(health(manifest('serving.knative.dev/v1', 'Service')).reason, 'NotObserved');
  });
});
