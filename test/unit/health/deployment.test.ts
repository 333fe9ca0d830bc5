import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { health } from '../../../core/health/index.ts';
import type { Manifest } from '../../../core/manifest.ts';
import type { Parts } from './manifests.ts';
import { crashingPod, manifest, NOW, readyPod, secondsAgo } from './manifests.ts';

const available = { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable' };
const progressed = { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' };
const progressing = { type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated' };

const done = {
  observedGeneration: 2,
  replicas: 2,
  updatedReplicas: 2,
  readyReplicas: 2,
  availableReplicas: 2,
  conditions: [available, progressed],
};

/** A Deployment that is Current, but for what is given. */
function deployment({ spec, status }: Parts = {}): Manifest {
  const defaults = { replicas: 2, progressDeadlineSeconds: 600 };
  return manifest('apps/v1', 'Deployment', {
    spec: { ...defaults, ...spec },
    status: { ...done, ...status },
  });
}

function verdict(object: Manifest, pods: readonly Manifest[] = []): readonly [string, string] {
  const { state, reason } = health(object, pods, { now: NOW });
  return [state, reason];
}

describe('the health of a Deployment', () => {
  it('is Current when all its pods are new and available', () => {
    assert.deepEqual(health(deployment()), {
      state: 'Current',
      reason: '',
      message: '2 of 2 replicas available',
    });
  });

  it('is Current with no replicas wanted', () => {
    const status = { replicas: 0, updatedReplicas: 0, readyReplicas: 0, availableReplicas: 0 };
    assert.deepEqual(verdict(deployment({ spec: { replicas: 0 }, status })), ['Current', '']);
  });

  it('is InProgress until its counters are right', () => {
    const cases: readonly (readonly [object, string])[] = [
      [{ observedGeneration: 1 }, 'NotObserved'],
      [{ observedGeneration: undefined }, 'NotObserved'],
      [{ replicas: 1 }, 'LessReplicas'],
      [{ updatedReplicas: 1 }, 'LessUpdated'],
      [{ replicas: 3 }, 'ExtraPods'],
      [{ replicas: 3, updatedReplicas: 3 }, 'ExtraPods'],
      [{ readyReplicas: 1 }, 'LessReady'],
      [{ availableReplicas: 1 }, 'LessAvailable'],
    ];
    for (const [status, reason] of cases)
      assert.deepEqual(verdict(deployment({ status: { ...status } })), ['InProgress', reason]);
  });

  it('is InProgress until the controller says that the rollout is done', () => {
    const status = { conditions: [available, progressing] };
    assert.deepEqual(verdict(deployment({ status })), ['InProgress', 'ReplicaSetNotAvailable']);
    const withoutDeadline = { progressDeadlineSeconds: 2147483647 };
    assert.deepEqual(verdict(deployment({ spec: withoutDeadline, status: { conditions: [available] } })), [
      'Current',
      '',
    ]);
    assert.deepEqual(verdict(deployment({ status: { conditions: [progressed] } })), [
      'InProgress',
      'NotAvailable',
    ]);
  });

  it('is Failed when its progress deadline is exceeded, and tells which pod is to blame', () => {
    const overdue = { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' };
    const status = { availableReplicas: 1, conditions: [overdue] };
    const { state, reason, message } = health(deployment({ status }), [crashingPod()]);
    assert.deepEqual([state, reason], ['Failed', 'ProgressDeadlineExceeded']);
    assert.match(message, /^1 of 2 replicas available, no progress for 600 s; pod p-0: CrashLoopBackOff/);
  });

  it('is Suspended while it is paused, unlike kstatus', () => {
    assert.deepEqual(verdict(deployment({ spec: { paused: true }, status: { updatedReplicas: 0 } })), [
      'Suspended',
      'Paused',
    ]);
  });

  it('is Failed when its pods are refused for longer than 30 s', () => {
    const refused = (seconds: number): Manifest => {
      const message = 'pods "p-x" is forbidden: exceeded quota';
      const failure = {
        type: 'ReplicaFailure',
        status: 'True',
        message,
        lastTransitionTime: secondsAgo(seconds),
      };
      return deployment({ status: { replicas: 1, conditions: [failure] } });
    };
    assert.deepEqual(verdict(refused(29)), ['InProgress', 'ReplicaFailure']);
    assert.deepEqual(verdict(refused(30)), ['Failed', 'ReplicaFailure']);
    assert.match(health(refused(30)).message, /exceeded quota/);
  });
});

describe('the pods of a Deployment', () => {
  const midway = { replicas: 3, updatedReplicas: 1, readyReplicas: 1 };
  const oldPod = crashingPod({ name: 'p-a', labels: { 'pod-template-hash': 'a' }, bornSecondsAgo: 900 });

  it('fail it when one of the youngest template crashes', () => {
    const young = crashingPod({ name: 'p-b', labels: { 'pod-template-hash': 'b' }, bornSecondsAgo: 60 });
    const { state, message } = health(deployment({ status: midway }), [oldPod, young]);
    assert.equal(state, 'Failed');
    assert.match(message, /pod p-b: CrashLoopBackOff/);
  });

  it('do not fail it when one of an older template crashes, which it replaces', () => {
    const young = readyPod({ name: 'p-b', labels: { 'pod-template-hash': 'b' }, bornSecondsAgo: 60 });
    assert.deepEqual(verdict(deployment({ status: midway }), [oldPod, young]), ['InProgress', 'CrashLoop']);
  });

  it('do not fail it while no pod of the new template exists', () => {
    assert.deepEqual(verdict(deployment({ status: { ...midway, updatedReplicas: 0 } }), [oldPod]), [
      'InProgress',
      'CrashLoop',
    ]);
  });
});
