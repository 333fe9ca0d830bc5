import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Manifest } from '../../core/manifest.ts';
import { readiness, seenOf } from '../../core/seen.ts';

function object(apiVersion: string, kind: string, rest: object = {}): Manifest {
  return { apiVersion, kind, metadata: { name: 'x', generation: 2, resourceVersion: '7' }, ...rest };
}

const ready = (status: string, observedGeneration = 2): object => ({
  status: {
    observedGeneration,
    conditions: [{ type: 'Ready', status, reason: 'Loading', message: 'segments load.' }],
  },
});

describe('an object that is required', () => {
  it('of a custom kind is ready only when its condition Ready says so, at its newest generation', () => {
    const verdict = (rest: object): string => readiness(object('datainfra.io/v1beta1', 'Pinot', rest)).state;
    assert.equal(verdict(ready('True')), 'Current');
    assert.equal(verdict(ready('False')), 'InProgress');
    assert.equal(verdict(ready('True', 1)), 'InProgress');
    assert.equal(verdict({}), 'InProgress', 'a resource that says nothing was looked at by nobody yet');
    assert.equal(readiness(object('a.io/v1', 'A', ready('False'))).message, 'segments load');
  });

  it('of a kind of Kubernetes is ready by the rules of its kind', () => {
    assert.equal(readiness(object('v1', 'ConfigMap')).state, 'Current');
    assert.equal(readiness(object('networking.k8s.io/v1', 'NetworkPolicy')).state, 'Current');
    assert.equal(readiness(object('apps/v1', 'Deployment', { spec: { replicas: 1 } })).state, 'InProgress');
  });

  it('is told by its health, and by its version where its content is read', () => {
    assert.equal(seenOf(object('datainfra.io/v1beta1', 'Pinot', ready('True'))), 'Current');
    assert.equal(seenOf(object('v1', 'Secret')), '7');
    assert.equal(seenOf(object('secrets.example.com/v1', 'Secret')), 'InProgress');
  });
});
