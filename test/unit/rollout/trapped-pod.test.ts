import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Manifest } from '../../../core/manifest.ts';
import { trappedPod } from '../../../core/rollout/trapped-pod.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');

function statefulSet(over: object = {}): Manifest {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db', generation: 3 },
    spec: { replicas: 3, updateStrategy: { type: 'RollingUpdate' }, ...over },
    status: { observedGeneration: 3, updateRevision: 'new' },
  };
}

type State = 'ready' | 'crashing' | 'starting' | 'leaving';

function pod(ordinal: number, revision: 'old' | 'new', state: State): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `db-${ordinal}`,
      uid: `uid-${ordinal}`,
      labels: { 'controller-revision-hash': revision },
      ...(state === 'leaving' ? { deletionTimestamp: '2026-01-01T11:59:00Z' } : {}),
    },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: state === 'ready' ? 'True' : 'False' }],
      containerStatuses:
        state === 'crashing' ? [{ name: 'main', state: { waiting: { reason: 'CrashLoopBackOff' } } }] : [],
    },
  };
}

describe('the pod that traps a StatefulSet', () => {
  it('is an old one that crashes, the lowest of several', () => {
    const pods = [pod(0, 'old', 'ready'), pod(1, 'old', 'crashing'), pod(2, 'old', 'crashing')];
    const found = trappedPod(statefulSet(), pods, NOW);
    assert.equal(found.found && found.name, 'db-1');
  });

  it('is none that runs the new template, none behind the partition, and none with OnDelete', () => {
    const updated = trappedPod(statefulSet(), [pod(0, 'new', 'crashing')], NOW);
    assert.equal(updated.found, false);
    const partition = statefulSet({
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } },
    });
    assert.equal(trappedPod(partition, [pod(0, 'old', 'crashing')], NOW).found, false);
    const onDelete = statefulSet({ updateStrategy: { type: 'OnDelete' } });
    assert.equal(trappedPod(onDelete, [pod(0, 'old', 'crashing')], NOW).found, false);
  });

  it('is none before the controller has seen the new template', () => {
    const unseen = { ...statefulSet(), metadata: { name: 'db', generation: 4 } };
    assert.equal(trappedPod(unseen, [pod(0, 'old', 'crashing')], NOW).found, false);
  });

  it('is replaced while no other pod starts, goes or is missing below', () => {
    const broken = pod(1, 'old', 'crashing');
    for (const other of [pod(0, 'new', 'starting'), pod(0, 'old', 'leaving')])
      assert.equal(trappedPod(statefulSet(), [other, broken], NOW).found, false);
    assert.equal(trappedPod(statefulSet(), [broken], NOW).found, false);
    assert.equal(trappedPod(statefulSet(), [pod(0, 'new', 'ready'), broken], NOW).found, true);
  });

  it('is the lowest one that lacks the volume of a claim template, however well it is; the gate decides once others were replaced', () => {
    const twoDisks = statefulSet({
      podManagementPolicy: 'Parallel',
      volumeClaimTemplates: ['data', 'logs'].map((name) => ({ metadata: { name } })),
    });
    const having = (one: Manifest, ...claims: readonly string[]): Manifest => ({
      ...one,
      spec: {
        volumes: claims.map((name) => ({
          name,
          persistentVolumeClaim: { claimName: `${name}-${one.metadata.name}` },
        })),
      },
    });
    const [whole, lacking] = [['data', 'logs'], ['data']];
    const old = [1, 0].map((ordinal) => having(pod(ordinal, 'new', 'ready'), ...lacking));
    const first = trappedPod(twoDisks, old, NOW);
    assert.deepEqual([first.found && first.name, first.found && first.asksGate], ['db-0', undefined]);
    assert.match(first.why, /lacks the volume of claim template logs/);
    const half = [having(pod(0, 'new', 'ready'), ...whole), having(pod(1, 'new', 'ready'), ...lacking)];
    const second = trappedPod(twoDisks, half, NOW);
    assert.deepEqual([second.found && second.name, second.found && second.asksGate], ['db-1', true]);
    const starting = [having(pod(0, 'new', 'starting'), ...whole), ...half.slice(1)];
    assert.equal(trappedPod(twoDisks, starting, NOW).found, false);
    assert.equal(trappedPod(twoDisks, half.slice(1), NOW).found, false);
    // One that nobody can make while the lowest is in the way is not waited for.
    assert.equal(trappedPod(twoDisks, old.slice(1), NOW).found, true);
    const other = having(pod(0, 'new', 'ready'), 'data');
    const emptyDir = {
      ...other,
      spec: { volumes: [...Object(other['spec']).volumes, { name: 'logs', emptyDir: {} }] },
    };
    assert.equal(trappedPod(twoDisks, [emptyDir], NOW).found, true);
    assert.equal(trappedPod(twoDisks, [having(pod(0, 'new', 'ready'), ...whole, 'more')], NOW).found, false);
  });

  it('is never healthy and never of the new revision, whatever the pods are', () => {
    const state = fc.constantFrom<State>('ready', 'crashing', 'starting', 'leaving');
    const one = fc.record({
      ordinal: fc.nat(5),
      revision: fc.constantFrom('old' as const, 'new' as const),
      state,
    });
    fc.assert(
      fc.property(fc.uniqueArray(one, { selector: ({ ordinal }) => ordinal }), (drawn) => {
        const pods = drawn.map(({ ordinal, revision, state: each }) => pod(ordinal, revision, each));
        const found = trappedPod(statefulSet({ replicas: 6 }), pods, NOW);
        if (!found.found) return;
        const chosen = drawn.find(({ ordinal }) => `db-${ordinal}` === found.name);
        assert.deepEqual([chosen?.revision, chosen?.state], ['old', 'crashing']);
        assert.ok(drawn.every(({ state: each }) => each !== 'leaving'));
      }),
    );
  });
});
