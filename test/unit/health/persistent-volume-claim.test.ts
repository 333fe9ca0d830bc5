import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { health } from '../../../core/health/index.ts';
import { quantity } from '../../../core/health/quantity.ts';
import type { Health, HealthOptions } from '../../../core/health/health.ts';
import type { Parts } from './manifests.ts';
import { manifest } from './manifests.ts';

function judge({ metadata, status }: Parts, options: HealthOptions = {}): Health {
  const spec = { storageClassName: 'fast', volumeName: 'pv-1', resources: { requests: { storage: '10Gi' } } };
  const object = manifest('v1', 'PersistentVolumeClaim', {
    metadata: { ...metadata },
    spec,
    status: { ...status },
  });
  return health(object, [], options);
}

const bound = { phase: 'Bound', capacity: { storage: '10Gi' } };

describe('the health of a PersistentVolumeClaim', () => {
  it('is Current when it is bound and as large as asked for', () => {
    assert.equal(judge({ status: bound }).state, 'Current');
    assert.equal(judge({ status: { ...bound, capacity: { storage: '10737418240' } } }).state, 'Current');
  });

  it('is InProgress while it is smaller than asked for, unlike kstatus', () => {
    const { state, reason, message } = judge({ status: { ...bound, capacity: { storage: '5Gi' } } });
    assert.deepEqual([state, reason, message], ['InProgress', 'Resizing', '5Gi of 10Gi there']);
  });

  it('is InProgress while a resize is pending or in error', () => {
    for (const type of ['Resizing', 'FileSystemResizePending', 'ControllerResizeError', 'NodeResizeError']) {
      const { state, reason } = judge({ status: { ...bound, conditions: [{ type, status: 'True' }] } });
      assert.deepEqual([state, reason], ['InProgress', type]);
    }
  });

  it('is Failed when a resize is infeasible', () => {
    const allocatedResourceStatuses = { storage: 'ControllerResizeInfeasible' };
    const { state, reason } = judge({
      status: { phase: 'Bound', capacity: { storage: '5Gi' }, allocatedResourceStatuses },
    });
    assert.deepEqual([state, reason], ['Failed', 'ResizeFailed']);
  });

  it('is Failed when its volume is lost', () => {
    assert.deepEqual(judge({ status: { phase: 'Lost' } }).reason, 'Lost');
  });

  it('is InProgress while it is pending', () => {
    const { state, reason, message } = judge({ status: { phase: 'Pending' } });
    assert.deepEqual(
      [state, reason, message],
      ['InProgress', 'Pending', 'no volume yet of storage class fast'],
    );
  });

  it('is Current while it waits for its first consumer, until a pod that uses it has a node', () => {
    const options = { waitForFirstConsumer: true };
    assert.equal(judge({ status: { phase: 'Pending' } }, options).state, 'Current');
    const metadata = { annotations: { 'volume.kubernetes.io/selected-node': 'node-1' } };
    assert.equal(judge({ metadata, status: { phase: 'Pending' } }, options).reason, 'Provisioning');
  });
});

describe('a quantity', () => {
  it('has one value however it is written', () => {
    for (const text of ['1Gi', '1024Mi', '1048576Ki', '1073741824', '1.073741824e9', '1.073741824G'])
      assert.equal(quantity(text), 2 ** 30, text);
    assert.equal(quantity('1500m'), 1.5);
    assert.equal(quantity('1E'), 1e18);
  });

  it('is undefined where there is none', () => {
    for (const text of ['', 'much', '1 Gi', '1gi', undefined, null]) assert.equal(quantity(text), undefined);
  });
});
