import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { health } from '../../../core/health/index.ts';
import { lacksPods } from '../../../core/health/lacks-pods.ts';
import type { Manifest } from '../../../core/manifest.ts';

function workload(apiVersion: string, kind: string, spec: object, status: object): Manifest {
  return {
    apiVersion,
    kind,
    metadata: { name: 'a', generation: 1 },
    spec,
    status: { observedGeneration: 1, ...status },
  };
}

describe('a workload whose pods are refused', () => {
  const refusedPods = { message: 'exceeded quota: small', since: 0 };
  const lacking = workload('apps/v1', 'StatefulSet', { replicas: 2 }, { replicas: 1, readyReplicas: 1 });

  it('says why, and is failed once that has lasted', () => {
    const message = '1 of 2 replicas ready; pods cannot be created: exceeded quota: small';
    const early = health(lacking, [], { now: 1_000, refusedPods });
    assert.deepEqual([early.state, early.reason, early.message], ['InProgress', 'ReplicaFailure', message]);
    const late = health(lacking, [], { now: 60_000, refusedPods });
    assert.deepEqual([late.state, late.message], ['Failed', message]);
  });

  it('is not failed by what was refused once it is well', () => {
    const well = workload('apps/v1', 'StatefulSet', { replicas: 0 }, {});
    assert.equal(health(well, [], { now: 60_000, refusedPods }).state, 'Current');
  });

  it('is asked for its events only while it has fewer pods than it wants', () => {
    assert.equal(lacksPods(lacking), true);
    assert.equal(lacksPods(workload('apps/v1', 'StatefulSet', { replicas: 1 }, { replicas: 1 })), false);
    const nodes = (count: number): object => ({ desiredNumberScheduled: 2, currentNumberScheduled: count });
    assert.equal(lacksPods(workload('apps/v1', 'DaemonSet', {}, nodes(1))), true);
    assert.equal(lacksPods(workload('apps/v1', 'DaemonSet', {}, nodes(2))), false);
    const job = (spec: object, status: object): boolean =>
      lacksPods(workload('batch/v1', 'Job', spec, status));
    assert.equal(job({}, {}), true);
    assert.equal(job({}, { active: 1 }), false);
    assert.equal(job({ suspend: true }, {}), false);
    assert.equal(job({ completions: 3, parallelism: 3 }, { succeeded: 2, active: 1 }), false);
    assert.equal(job({}, { conditions: [{ type: 'Complete', status: 'True' }] }), false);
    assert.equal(lacksPods(workload('apps/v1', 'Deployment', {}, {})), false);
  });
});
