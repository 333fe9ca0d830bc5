import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { HEALTH_STATES } from '../../core/health/health.ts';
import type { HealthState } from '../../core/health/health.ts';
import { health } from '../../core/health/index.ts';
import type { Manifest } from '../../core/manifest.ts';

const KINDS = [
  ['v1', 'Pod'],
  ['v1', 'Service'],
  ['v1', 'PersistentVolumeClaim'],
  ['apps/v1', 'Deployment'],
  ['apps/v1', 'StatefulSet'],
  ['apps/v1', 'DaemonSet'],
  ['apps/v1', 'ReplicaSet'],
  ['batch/v1', 'Job'],
  ['policy/v1', 'PodDisruptionBudget'],
  ['autoscaling/v2', 'HorizontalPodAutoscaler'],
  ['networking.k8s.io/v1', 'Ingress'],
  ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
  ['example.com/v1', 'Widget'],
] as const;

const FIELDS = [
  'metadata',
  'spec',
  'status',
  'conditions',
  'type',
  'reason',
  'message',
  'containerStatuses',
  'state',
  'waiting',
  'terminated',
  'lastState',
  'replicas',
  'readyReplicas',
  'labels',
  'name',
  'phase',
  'generation',
  'observedGeneration',
  'deletionTimestamp',
  'lastTransitionTime',
  'updateStrategy',
  'capacity',
  'storage',
] as const;

const NOW = Date.parse('2026-05-01T12:00:00Z');
/** From the worst to the best. */
const GRADES: readonly HealthState[] = ['Failed', 'Terminating', 'InProgress', 'Suspended', 'Current'];

/** JSON in which the names that rules read are likely, with values of any shape under them. */
const json: fc.Arbitrary<unknown> = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom(
      'True',
      'False',
      'Running',
      'Failed',
      'CrashLoopBackOff',
      'ImagePullBackOff',
      'Ready',
      '',
    ),
    fc.integer({ min: -1, max: 3 }),
    fc.constantFrom(null, true, false, '2026-05-01T11:59:50Z'),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...FIELDS), tie('any'), { maxKeys: 6 }),
  ),
})).any;

/** An object whose every field but its kind is anything at all, as it may come from a server we do not know. */
const anything: fc.Arbitrary<Manifest> = fc
  .tuple(fc.constantFrom(...KINDS), json, json, json)
  .map(([[apiVersion, kind], metadata, spec, status]) =>
    JSON.parse(JSON.stringify({ apiVersion, kind, metadata, spec, status })),
  );

const count = fc.integer({ min: 0, max: 3 });

/** A workload as an API server could give it. */
const workload: fc.Arbitrary<Manifest> = fc
  .record({
    kind: fc.constantFrom('Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'),
    spec: fc.record({
      replicas: count,
      podManagementPolicy: fc.constantFrom('OrderedReady', 'Parallel'),
      updateStrategy: fc.record({
        type: fc.constantFrom('RollingUpdate', 'OnDelete'),
        rollingUpdate: fc.record({ partition: count }),
      }),
    }),
    counters: fc.record({
      replicas: count,
      readyReplicas: count,
      availableReplicas: count,
      updatedReplicas: count,
      fullyLabeledReplicas: count,
      desiredNumberScheduled: count,
      numberReady: count,
    }),
  })
  .map(({ kind, spec, counters }) => {
    const status = { observedGeneration: 1, updateRevision: 'new', currentRevision: 'old', ...counters };
    return { apiVersion: 'apps/v1', kind, metadata: { name: 'p', generation: 1 }, spec, status };
  });

function podOf(waiting: fc.Arbitrary<string>): fc.Arbitrary<Manifest> {
  return fc
    .record({
      ordinal: count,
      revision: fc.constantFrom('old', 'new'),
      reason: waiting,
      age: fc.integer({ min: 0, max: 90 }),
    })
    .map(({ ordinal, revision, reason, age }) => {
      const time = new Date(NOW - age * 1000).toISOString();
      const labels = { 'controller-revision-hash': revision, 'pod-template-hash': revision };
      const state = reason === '' ? { running: {} } : { waiting: { reason } };
      return {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: `p-${ordinal}`, creationTimestamp: time, labels },
        status: {
          phase: 'Running',
          startTime: time,
          containerStatuses: [{ name: 'main', ready: false, state }],
        },
      };
    });
}

const pods = fc.array(
  podOf(fc.constantFrom('', 'CrashLoopBackOff', 'ImagePullBackOff', 'CreateContainerConfigError')),
  {
    maxLength: 4,
  },
);

describe('health', () => {
  it('has a verdict for every object of any shape', () => {
    fc.assert(
      fc.property(anything, fc.array(anything, { maxLength: 3 }), (object, others) => {
        const { state, reason, message } = health(object, others, { now: NOW });
        assert.ok(state in HEALTH_STATES);
        assert.equal(reason === '', state === 'Current');
        assert.notEqual(message, '');
      }),
      { numRuns: 2000 },
    );
  });

  it('never gets better by a pod that crashes', () => {
    fc.assert(
      fc.property(workload, pods, podOf(fc.constant('CrashLoopBackOff')), (object, others, crashing) => {
        const before = health(object, others, { now: NOW }).state;
        const after = health(object, [...others, crashing], { now: NOW }).state;
        assert.ok(GRADES.indexOf(after) <= GRADES.indexOf(before), `${before} became ${after}`);
      }),
      { numRuns: 1000 },
    );
  });

  it('does not depend on the order of the pods', () => {
    fc.assert(
      fc.property(
        workload,
        fc.uniqueArray(podOf(fc.constant('CrashLoopBackOff')), { selector: (pod) => pod.metadata.name }),
        (object, some) => {
          assert.deepEqual(
            health(object, some.toReversed(), { now: NOW }),
            health(object, some, { now: NOW }),
          );
        },
      ),
    );
  });

  it('looks again at the moment when a verdict can turn, and not earlier', () => {
    fc.assert(
      fc.property(workload, pods, (object, some) => {
        const { lookAgainMs, ...verdict } = health(object, some, { now: NOW });
        if (lookAgainMs === undefined) return;
        assert.ok(lookAgainMs > 0);
        const { lookAgainMs: _, ...before } = health(object, some, { now: NOW + lookAgainMs - 1 });
        assert.deepEqual(before, verdict);
        assert.equal(health(object, some, { now: NOW + lookAgainMs }).state, 'Failed');
      }),
    );
  });
});
