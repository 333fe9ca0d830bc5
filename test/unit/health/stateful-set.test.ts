import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { health } from '../../../core/health/index.ts';
import type { Manifest } from '../../../core/manifest.ts';
import type { Parts } from './manifests.ts';
import {
  crashingPod,
  manifest,
  NOW,
  pod,
  podWith,
  pullingPod,
  readyPod,
  unschedulablePod,
} from './manifests.ts';

const OLD = { 'controller-revision-hash': 'p-old' };
const NEW = { 'controller-revision-hash': 'p-new' };

const done = {
  observedGeneration: 2,
  replicas: 3,
  readyReplicas: 3,
  availableReplicas: 3,
  currentReplicas: 3,
  updatedReplicas: 3,
  currentRevision: 'p-new',
  updateRevision: 'p-new',
};

/** A StatefulSet that is Current, but for what is given. */
function statefulSet({ spec, status }: Parts = {}): Manifest {
  const defaults = { replicas: 3, podManagementPolicy: 'OrderedReady', updateStrategy: rolling(0) };
  return manifest('apps/v1', 'StatefulSet', {
    spec: { ...defaults, ...spec },
    status: { ...done, ...status },
  });
}

function rolling(partition: number): object {
  return { type: 'RollingUpdate', rollingUpdate: { partition } };
}

function verdict(object: Manifest, pods: readonly Manifest[] = []): readonly [string, string] {
  const { state, reason } = health(object, pods, { now: NOW });
  return [state, reason];
}

const midway = { currentRevision: 'p-old', updatedReplicas: 1, readyReplicas: 2, availableReplicas: 2 };

describe('the health of a StatefulSet', () => {
  it('is Current when all its pods are new, ready and of one revision', () => {
    assert.deepEqual(health(statefulSet()), {
      state: 'Current',
      reason: '',
      message: '3 of 3 replicas ready',
    });
  });

  it('is Current with no replicas wanted', () => {
    const status = { replicas: 0, readyReplicas: 0, availableReplicas: 0, updatedReplicas: 0 };
    assert.deepEqual(verdict(statefulSet({ spec: { replicas: 0 }, status })), ['Current', '']);
  });

  it('is InProgress before its generation is observed', () => {
    assert.deepEqual(verdict(statefulSet({ status: { observedGeneration: 1 } })), [
      'InProgress',
      'NotObserved',
    ]);
    const fresh = manifest('apps/v1', 'StatefulSet', { spec: { replicas: 0 }, status: { replicas: 0 } });
    assert.deepEqual(verdict(fresh), ['InProgress', 'NotObserved']);
  });

  it('is InProgress while replicas are missing, not ready, or too many', () => {
    assert.deepEqual(verdict(statefulSet({ status: { replicas: 2 } })), ['InProgress', 'LessReplicas']);
    assert.deepEqual(verdict(statefulSet({ status: { readyReplicas: 2 } })), ['InProgress', 'LessReady']);
    assert.deepEqual(verdict(statefulSet({ status: { replicas: 4 } })), ['InProgress', 'ExtraPods']);
  });

  it('wants one replica where none is written', () => {
    assert.deepEqual(verdict(statefulSet({ spec: { replicas: undefined }, status: { replicas: 0 } })), [
      'InProgress',
      'LessReplicas',
    ]);
  });

  it('compares revisions although the API server defaults the partition to 0, unlike kstatus', () => {
    assert.deepEqual(verdict(statefulSet({ status: { currentRevision: 'p-old' } })), [
      'InProgress',
      'RevisionMismatch',
    ]);
  });

  it('is Current when all pods beyond the partition are updated', () => {
    const spec = { updateStrategy: rolling(2) };
    assert.deepEqual(
      verdict(statefulSet({ spec, status: { currentRevision: 'p-old', updatedReplicas: 1 } })),
      ['Current', ''],
    );
    assert.deepEqual(
      verdict(statefulSet({ spec, status: { currentRevision: 'p-old', updatedReplicas: 0 } })),
      ['InProgress', 'LessUpdated'],
    );
  });

  it('waits for minReadySeconds, unlike kstatus', () => {
    const object = statefulSet({ spec: { minReadySeconds: 10 }, status: { availableReplicas: 2 } });
    assert.deepEqual(verdict(object), ['InProgress', 'LessAvailable']);
    assert.deepEqual(verdict(statefulSet({ status: { availableReplicas: 2 } })), ['Current', '']);
  });

  it('is not Current with OnDelete before every pod was replaced, unlike kstatus', () => {
    const spec = { updateStrategy: { type: 'OnDelete' } };
    assert.deepEqual(verdict(statefulSet({ spec, status: midway }), []), ['InProgress', 'LessReady']);
    assert.deepEqual(verdict(statefulSet({ spec, status: { updatedReplicas: 2 } })), [
      'InProgress',
      'LessUpdated',
    ]);
    const old = [readyPod({ name: 'p-0', labels: OLD }), readyPod({ name: 'p-1', labels: NEW })];
    assert.deepEqual(verdict(statefulSet({ spec }), old), ['InProgress', 'RevisionMismatch']);
    assert.deepEqual(verdict(statefulSet({ spec }), [readyPod({ labels: NEW })]), ['Current', '']);
  });
});

describe('the pods of a StatefulSet', () => {
  it('hold it up where one lacks the volume of a claim template, however well all is counted', () => {
    const spec = { volumeClaimTemplates: [{ metadata: { name: 'logs' } }] };
    const object = statefulSet({ spec });
    const lacking = { ...readyPod({ name: 'p-0', labels: NEW }), spec: { volumes: [] } };
    const verdictOf = health(object, [lacking], { now: NOW });
    assert.deepEqual([verdictOf.state, verdictOf.reason], ['InProgress', 'RolloutTrapped']);
    assert.match(verdictOf.message, /pod p-0 lacks the volume of claim template logs/);
    const volumes = [{ name: 'logs', persistentVolumeClaim: { claimName: 'logs-p-0' } }];
    assert.deepEqual(verdict(object, [{ ...lacking, spec: { volumes } }]), ['Current', '']);
    // Broken as well, and of the newest revision: it is still another pod that mends it.
    const broken = { ...crashingPod({ name: 'p-0', labels: NEW }), spec: { volumes: [] } };
    const unready = statefulSet({ spec, status: { readyReplicas: 2 } });
    assert.deepEqual(verdict(unready, [broken]), ['Failed', 'RolloutTrapped']);
  });

  it('are named where people delete them', () => {
    const spec = { updateStrategy: { type: 'OnDelete' } };
    const old = [0, 1].map((ordinal) => readyPod({ name: `p-${ordinal}`, labels: OLD }));
    const { message } = health(statefulSet({ spec, status: { updatedReplicas: 1 } }), old, { now: NOW });
    assert.match(message, /^1 of 3 replicas updated; updateStrategy is OnDelete, .*: delete pods p-0, p-1$/);
  });

  it('fail it when a new one crashes, in one sentence', () => {
    const status = { replicas: 1, readyReplicas: 0 };
    assert.deepEqual(health(statefulSet({ spec: { replicas: 1 }, status }), [crashingPod({ labels: NEW })]), {
      state: 'Failed',
      reason: 'CrashLoop',
      message:
        '0 of 1 replicas ready; pod p-0: CrashLoopBackOff, container broker exited with 1 (3 restarts)',
    });
  });

  it('tell their reason within the grace, and fail it afterwards', () => {
    const labels = { ...NEW };
    const withLabels = (each: Manifest): Manifest => ({ ...each, metadata: { ...each.metadata, labels } });
    const object = statefulSet({ status: midway });
    const young = health(object, [withLabels(pullingPod(1)), withLabels(unschedulablePod(1))], { now: NOW });
    assert.deepEqual([young.state, young.reason, young.lookAgainMs], ['InProgress', 'ImagePull', 14_000]);
    assert.deepEqual(verdict(object, [withLabels(pullingPod(31))]), ['Failed', 'ImagePull']);
    assert.deepEqual(verdict(object, [withLabels(unschedulablePod(16))]), ['Failed', 'Unschedulable']);
  });

  it('tell what is final before what may heal, and the worst reason first', () => {
    const config = podWith({ state: { waiting: { reason: 'CreateContainerConfigError' } } });
    const killed = { lastState: { terminated: { reason: 'OOMKilled', exitCode: 137 } } };
    const pods = [
      pullingPod(60),
      config,
      crashingPod(),
      unschedulablePod(60),
      podWith(killed),
      podWith({ state: { running: {} } }),
    ];
    const told = pods.map((_, index) => {
      const shuffled = pods.slice(index).toReversed();
      return verdict(statefulSet({ status: { ...midway, updateRevision: '' } }), shuffled)[1];
    });
    assert.deepEqual(told, [
      'ImagePull',
      'ConfigError',
      'CrashLoop',
      'Unschedulable',
      'OOMKilled',
      'NotReady',
    ]);
  });

  it('are looked at new ones first', () => {
    const pods = [crashingPod({ name: 'p-0', labels: OLD }), crashingPod({ name: 'p-2', labels: NEW })];
    const { reason, message } = health(statefulSet({ status: midway }), pods);
    assert.equal(reason, 'CrashLoop');
    assert.match(message, /pod p-2: /);
  });

  it('trap its rollout when an old one crashes, since an ordered StatefulSet waits for it', () => {
    const { state, reason, message } = health(statefulSet({ status: midway }), [
      crashingPod({ labels: OLD }),
    ]);
    assert.deepEqual([state, reason], ['Failed', 'RolloutTrapped']);
    assert.match(message, /pod p-0 of the old revision: .*; it is replaced only when somebody deletes it$/);
  });

  it('do not fail it when old ones crash that it replaces by itself', () => {
    const parallel = { podManagementPolicy: 'Parallel' };
    const old = [crashingPod({ name: 'p-0', labels: OLD })];
    assert.deepEqual(verdict(statefulSet({ spec: parallel, status: midway }), old), [
      'InProgress',
      'CrashLoop',
    ]);
    const behind = { ...parallel, updateStrategy: rolling(1) };
    assert.deepEqual(verdict(statefulSet({ spec: behind, status: midway }), old), [
      'Failed',
      'RolloutTrapped',
    ]);
    const shifted = { ...behind, ordinals: { start: 5 } };
    const second = [crashingPod({ name: 'p-6', labels: OLD })];
    assert.deepEqual(verdict(statefulSet({ spec: shifted, status: midway }), second), [
      'InProgress',
      'CrashLoop',
    ]);
    const recreate = { updateStrategy: { type: 'Recreate' } };
    assert.deepEqual(verdict(statefulSet({ spec: recreate, status: midway }), old), [
      'InProgress',
      'CrashLoop',
    ]);
  });

  it('do not matter once they are being deleted, or were evicted and are replaced', () => {
    const leaving = crashingPod({ labels: NEW, metadata: { deletionTimestamp: '2026-05-01T12:00:00Z' } });
    assert.deepEqual(verdict(statefulSet({ status: midway }), [leaving]), ['InProgress', 'LessReady']);
    const evicted = pod({ labels: NEW, status: { phase: 'Failed', reason: 'Evicted' } });
    assert.deepEqual(verdict(statefulSet({ status: midway }), [evicted]), ['InProgress', 'PodFailed']);
  });

  it('do not fail it once its counters are right', () => {
    assert.deepEqual(verdict(statefulSet(), [crashingPod({ name: 'p-7', labels: NEW })]), ['Current', '']);
  });
});
