import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { health } from '../../../core/health/index.ts';
import type { Health } from '../../../core/health/health.ts';
import { crashingPod, manifest, NOW, secondsAgo } from './manifests.ts';

const done = {
  observedGeneration: 2,
  replicas: 2,
  fullyLabeledReplicas: 2,
  readyReplicas: 2,
  availableReplicas: 2,
};

function judge(status: object, pods: Parameters<typeof health>[1] = []): Health {
  const object = manifest('apps/v1', 'ReplicaSet', { spec: { replicas: 2 }, status: { ...done, ...status } });
  return health(object, pods, { now: NOW });
}

describe('the health of a ReplicaSet', () => {
  it('is Current when all its pods are labelled and available', () => {
    assert.equal(judge({}).state, 'Current');
  });

  it('is InProgress until its counters are right', () => {
    assert.equal(judge({ observedGeneration: undefined }).reason, 'NotObserved');
    assert.equal(judge({ replicas: 1 }).reason, 'LessReplicas');
    assert.equal(judge({ fullyLabeledReplicas: 1 }).reason, 'LessLabeled');
    assert.equal(judge({ readyReplicas: 1 }).reason, 'LessReady');
    assert.equal(judge({ availableReplicas: 1 }).reason, 'LessAvailable');
    assert.equal(judge({ replicas: 3 }).reason, 'ExtraPods');
  });

  it('is Failed when its pods are refused beyond the grace, unlike kstatus', () => {
    const refused = (seconds: number): object => ({
      conditions: [{ type: 'ReplicaFailure', status: 'True', lastTransitionTime: secondsAgo(seconds) }],
    });
    assert.deepEqual([judge(refused(10)).state, judge(refused(10)).lookAgainMs], ['InProgress', 20_000]);
    assert.equal(judge(refused(31)).state, 'Failed');
  });

  it('is Failed when a pod crashes', () => {
    assert.deepEqual(judge({ readyReplicas: 1 }, [crashingPod()]).reason, 'CrashLoop');
  });
});
