import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Judged } from '../../../bridge/news.ts';
import { newsOf } from '../../../bridge/news.ts';
import type { HealthState } from '../../../core/health/health.ts';

function judged(state: HealthState, more: Partial<Judged> = {}, reason = ''): Judged {
  const applied = {
    digest: 'd1',
    generation: 2,
    hash: 'f1',
    size: 100,
    ownsDigest: true,
    ownsReplicas: true,
  };
  return { generation: 1, applied, develops: true, verdict: { state, reason, message: reason }, ...more };
}

const fields = (applied: Partial<Judged['applied']>): Partial<Judged> => ({
  applied: { ...judged('Current').applied, ...applied },
});

describe('news of an owned object', () => {
  it('is a verdict that turned final, and a Failed one that fails otherwise', () => {
    assert.equal(newsOf(judged('InProgress'), judged('Current'), false), 'Turned');
    assert.equal(newsOf(judged('InProgress'), judged('Failed', {}, 'CrashLoop'), false), 'Turned');
    assert.equal(
      newsOf(judged('Failed', {}, 'CrashLoop'), judged('Failed', {}, 'ImagePull'), false),
      'Turned',
    );
    assert.equal(
      newsOf(judged('Failed', {}, 'CrashLoop'), judged('Failed', {}, 'CrashLoop'), false),
      undefined,
    );
  });

  it('is what a workload on its way waits for, each time it is another', () => {
    const [scheduling, pulling] = [
      judged('InProgress', {}, 'Unschedulable'),
      judged('InProgress', {}, 'ImagePull'),
    ];
    assert.equal(newsOf(undefined, scheduling, false), 'Lingers');
    assert.equal(newsOf(scheduling, scheduling, false), undefined);
    assert.equal(newsOf(scheduling, pulling, false), 'Lingers');
  });

  it('is not the first sight of what its apply has told already', () => {
    assert.equal(newsOf(undefined, judged('Current'), false), undefined);
    assert.equal(newsOf(undefined, judged('Current'), true), 'Turned');
    assert.equal(newsOf(undefined, judged('Current', { develops: false }), true), undefined);
  });

  it('is a workload that was Current and is not, unless another generation was asked for', () => {
    assert.equal(newsOf(judged('Current'), judged('InProgress'), false), 'Left');
    assert.equal(newsOf(judged('Current'), judged('InProgress', { generation: 2 }), false), undefined);
    assert.equal(newsOf(judged('Current'), judged('Terminating', { generation: 2 }), false), 'Left');
  });

  it('is a workload whose replicas somebody took, and one that has another autoscaler', () => {
    assert.equal(
      newsOf(judged('Current'), judged('Current', fields({ ownsReplicas: false })), false),
      'Deviates',
    );
    assert.equal(
      newsOf(judged('Current', fields({ ownsReplicas: false })), judged('Current'), false),
      undefined,
    );
    const scaled = judged('Current', { scaler: 'HorizontalPodAutoscaler web' });
    assert.equal(newsOf(judged('Current'), scaled, false), 'Deviates');
    assert.equal(newsOf(scaled, judged('Current'), false), 'Deviates');
    assert.equal(newsOf(scaled, scaled, false), undefined);
  });

  it('is a set of our fields that shrank while the digest stayed', () => {
    assert.equal(
      newsOf(judged('Current'), judged('Current', fields({ hash: 'f2', size: 90 })), false),
      'Deviates',
    );
    assert.equal(
      newsOf(judged('Current'), judged('Current', fields({ hash: '', size: 0, ownsDigest: false })), false),
      'Deviates',
    );
    assert.equal(
      newsOf(judged('Current'), judged('Current', fields({ digest: 'x', ownsDigest: false })), false),
      'Deviates',
    );
  });

  it('is an apply of an older generation, which arrived late', () => {
    const late = judged('Current', fields({ digest: 'd0', generation: 1, hash: 'f0' }));
    assert.equal(newsOf(judged('Current'), late, false), 'Deviates');
    assert.equal(newsOf(late, judged('Current'), false), undefined);
  });

  it('is neither our own apply nor our own repair', () => {
    const applied = judged('Current', fields({ digest: 'd2', hash: 'f2', size: 90 }));
    assert.equal(newsOf(judged('Current'), applied, false), undefined);
    const edited = judged('Current', fields({ hash: 'f2', size: 90 }));
    assert.equal(newsOf(edited, judged('Current'), false), undefined);
  });
});
