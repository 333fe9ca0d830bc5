import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { health } from '../../../core/health/index.ts';
import type { Manifest } from '../../../core/manifest.ts';
import type { Parts } from './manifests.ts';
import { crashingPod, manifest } from './manifests.ts';

const done = {
  observedGeneration: 2,
  desiredNumberScheduled: 2,
  currentNumberScheduled: 2,
  updatedNumberScheduled: 2,
  numberReady: 2,
  numberAvailable: 2,
};

/** A DaemonSet that is Current, but for what is given. */
function daemonSet({ spec, status }: Parts = {}): Manifest {
  const metadata = { annotations: { 'deprecated.daemonset.template.generation': '7' } };
  return manifest('apps/v1', 'DaemonSet', { metadata, spec: { ...spec }, status: { ...done, ...status } });
}

function verdict(object: Manifest, pods: readonly Manifest[] = []): readonly [string, string] {
  const { state, reason } = health(object, pods);
  return [state, reason];
}

describe('the health of a DaemonSet', () => {
  it('is Current when every node has a new and available pod, or when no node wants one', () => {
    assert.deepEqual(verdict(daemonSet()), ['Current', '']);
    const nowhere = manifest('apps/v1', 'DaemonSet', {
      status: { observedGeneration: 2, desiredNumberScheduled: 0 },
    });
    assert.deepEqual(verdict(nowhere), ['Current', '']);
  });

  it('is InProgress until its counters are right', () => {
    const cases: readonly (readonly [object, string])[] = [
      [{ observedGeneration: undefined }, 'NotObserved'],
      [{ currentNumberScheduled: 1 }, 'LessReplicas'],
      [{ updatedNumberScheduled: 1 }, 'LessUpdated'],
      [{ numberReady: 1 }, 'LessReady'],
      [{ numberAvailable: 1 }, 'LessAvailable'],
    ];
    for (const [status, reason] of cases)
      assert.deepEqual(verdict(daemonSet({ status: { ...status } })), ['InProgress', reason]);
  });

  it('is not Current with OnDelete before every pod was replaced', () => {
    const spec = { updateStrategy: { type: 'OnDelete' } };
    assert.deepEqual(verdict(daemonSet({ spec, status: { updatedNumberScheduled: 0 } })), [
      'InProgress',
      'LessUpdated',
    ]);
  });

  it('is Failed when a new pod crashes, and not when an old one does that it replaces', () => {
    const object = daemonSet({ status: { numberReady: 1 } });
    const made = (generation: string): Manifest =>
      crashingPod({ labels: { 'pod-template-generation': generation } });
    assert.deepEqual(verdict(object, [made('7')]), ['Failed', 'CrashLoop']);
    assert.deepEqual(verdict(object, [made('6')]), ['InProgress', 'CrashLoop']);
    const onDelete = daemonSet({
      spec: { updateStrategy: { type: 'OnDelete' } },
      status: { numberReady: 1 },
    });
    assert.deepEqual(verdict(onDelete, [made('6')]), ['Failed', 'RolloutTrapped']);
  });
});
