import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { health } from '../../../core/health/index.ts';
import type { Health } from '../../../core/health/health.ts';
import type { Manifest } from '../../../core/manifest.ts';
import { crashingPod, manifest, NOW, pullingPod } from './manifests.ts';

interface JobFields {
  readonly suspend?: boolean;
  readonly ttlSecondsAfterFinished?: number;
  readonly metadata?: { readonly deletionTimestamp?: string };
  readonly pods?: readonly Manifest[];
}

function judge(
  status: Readonly<Record<string, unknown>>,
  { pods = [], metadata = {}, ...spec }: Readonly<JobFields> = {},
): Health {
  const fields = { spec: { completions: 1, parallelism: 1, ...spec }, metadata, status };
  const object = manifest('batch/v1', 'Job', fields);
  return health(object, pods, { now: NOW });
}

function conditions(...types: readonly string[]): Readonly<Record<string, unknown>> {
  return {
    conditions: types.map((type) => ({ type, status: 'True', reason: 'BackoffLimitExceeded', message: '' })),
  };
}

describe('the health of a Job', () => {
  it('is Current when it is complete', () => {
    assert.equal(judge({ succeeded: 1, ...conditions('SuccessCriteriaMet', 'Complete') }).state, 'Current');
  });

  it('is spent when it is complete and its TTL deletes it, also while it goes', () => {
    const ttl = { ttlSecondsAfterFinished: 0 };
    assert.equal(judge(conditions('Complete'), ttl).spent, true);
    assert.equal(judge(conditions('Complete')).spent, undefined);
    assert.equal(judge(conditions('Failed'), ttl).spent, undefined);
    assert.equal(judge({ active: 1 }, ttl).spent, undefined);
    const going = judge(conditions('Complete'), {
      ...ttl,
      metadata: { deletionTimestamp: '2026-05-01T12:00:00Z' },
    });
    assert.deepEqual([going.state, going.spent], ['Terminating', true]);
  });

  it('is InProgress while it runs, unlike kstatus', () => {
    assert.deepEqual(judge({ startTime: '2026-05-01T11:00:00Z', active: 1 }), {
      state: 'InProgress',
      reason: 'Running',
      message: '0 of 1 pods succeeded, 1 active',
    });
  });

  it('is Failed when it has failed', () => {
    const { state, reason } = judge(conditions('FailureTarget', 'Failed'));
    assert.deepEqual([state, reason], ['Failed', 'BackoffLimitExceeded']);
  });

  it('is not done by SuccessCriteriaMet or FailureTarget alone', () => {
    assert.equal(judge(conditions('SuccessCriteriaMet')).state, 'InProgress');
    assert.equal(judge(conditions('FailureTarget')).state, 'InProgress');
  });

  it('is Suspended while it is suspended, and not after it was resumed', () => {
    assert.equal(judge({}, { suspend: true }).state, 'Suspended');
    const resumed = { conditions: [{ type: 'Suspended', status: 'False', reason: 'JobResumed' }], active: 1 };
    assert.equal(judge(resumed).state, 'InProgress');
  });

  it('counts crashes itself, and is Failed by an image that never comes', () => {
    const crashing = judge({ active: 1 }, { pods: [crashingPod()] });
    assert.deepEqual([crashing.state, crashing.reason], ['InProgress', 'CrashLoop']);
    const pulling = judge({ active: 1 }, { pods: [pullingPod(60)] });
    assert.deepEqual([pulling.state, pulling.reason], ['Failed', 'ImagePull']);
  });
});
