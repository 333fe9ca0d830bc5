import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { health } from '../../../core/health/index.ts';

const HUGE = 'x'.repeat(500_000);
const waiting = { reason: 'ImagePullBackOff', message: HUGE };
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  status: { phase: 'Pending', containerStatuses: [{ name: 'main', image: HUGE, state: { waiting } }] },
};
const conditions = [{ type: 'Ready', status: 'False', reason: HUGE, message: ` ${HUGE}` }];
const unscheduled = {
  type: 'PodScheduled',
  status: 'False',
  reason: 'Unschedulable',
  message: ' '.repeat(500_000),
};

describe('the health of an object', () => {
  it('is told in a few words, whatever kubelets and controllers write', () => {
    const began = performance.now();
    for (const object of [
      pod,
      { apiVersion: 'example.org/v1', kind: 'Other', metadata: { name: 'o' }, status: { conditions } },
      { ...pod, status: { phase: 'Pending', conditions: [unscheduled] } },
    ]) {
      const { reason, message } = health(object);
      assert.ok(message.length <= 1_000 && reason.length <= 300);
    }
    assert.ok(performance.now() - began < 2_000);
  });
});
