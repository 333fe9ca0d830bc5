import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { leanResource } from '../../../bridge/lean-objects.ts';
import { Resources } from '../../../bridge/resources.ts';
import type { Standing } from '../../../bridge/standing.ts';
import { standingOf } from '../../../bridge/standing.ts';
import type { Manifest } from '../../../core/manifest.ts';
import type { Condition, ResourceStatus } from '../../../core/status/resource-status.ts';
import { customResource } from '../../../index.ts';

const RESOURCES = new Resources(customResource('toy.dev/v1', 'Toy'));
const NOW = Date.parse('2026-01-01T01:00:00Z');
const EMPTY = { states: { ready: {}, reconciling: {}, stalled: {} }, halted: {}, awaitingApproval: {} };

/** `Ready=True: Reconciled`. */
function condition(text: string): Condition {
  const [, type = '', status, reason = ''] = /^(\w+)=(\w+): (\w+)$/.exec(text) ?? assert.fail(text);
  return {
    type,
    status: status as Condition['status'],
    reason,
    message: '',
    observedGeneration: 2,
    lastTransitionTime: '2026-01-01T00:00:00Z',
  };
}

function resource(
  conditions: readonly string[],
  status: Partial<ResourceStatus> = {},
  metadata: Partial<Manifest['metadata']> = {},
): Manifest {
  return {
    apiVersion: 'toy.dev/v1',
    kind: 'Toy',
    metadata: { name: 't', namespace: 'n', uid: 'u', generation: 2, ...metadata },
    status: { observedGeneration: 2, conditions: conditions.map(condition), ...status },
  };
}

function standing(...manifests: readonly Manifest[]): Standing {
  return standingOf(
    manifests.map((manifest) => RESOURCES.of(leanResource(manifest))),
    NOW,
  );
}

const READY = resource(['Ready=True: Reconciled']);
const ROLLING = {
  rollout: { trigger: 'Change', generation: 2, startedAt: '2026-01-01T00:00:00Z', stages: [] },
} as const;

describe('how resources stand', () => {
  it('counts each once, by what kstatus reads and the reason', () => {
    const rolling = resource(['Ready=Unknown: RollingOut', 'Reconciling=True: RollingOut'], ROLLING);
    const stalled = resource(['Ready=False: PlanInvalid', 'Stalled=True: PlanInvalid']);
    assert.deepEqual(standing(READY, READY, rolling, stalled).states, {
      ready: { Reconciled: 2 },
      reconciling: { RollingOut: 1 },
      stalled: { PlanInvalid: 1 },
    });
  });

  it('does not count what somebody asked to be left alone', () => {
    const ignored = resource([], {}, { annotations: { 'durable-operator.dev/ignore': 'true' } });
    assert.deepEqual(standing(ignored), { ...EMPTY, paused: 0, unobservedSeconds: 0 });
  });

  it('tells a rollout that was stopped in its middle, and one that was taken back, by the reason', () => {
    const crashed = resource(['Ready=False: WorkloadFailed', 'Stalled=True: WorkloadFailed'], ROLLING);
    const refused = resource(['Ready=False: PlanInvalid', 'Stalled=True: PlanInvalid']);
    const back = resource([
      'Ready=False: RolledBack',
      'Stalled=True: RolledBack',
      'Quarantined=True: RolledBack',
    ]);
    assert.deepEqual(standing(crashed, refused, back, READY).halted, { WorkloadFailed: 1, RolledBack: 1 });
  });

  it('tells who waits for an approval, and what is paused', () => {
    const pendingApprovals = [{ stage: 'broker', token: 'abc', reason: 'AwaitingApproval' }];
    const waiting = resource(['Ready=Unknown: AwaitingApproval'], {
      rollout: { ...ROLLING.rollout, pendingApprovals },
    });
    const paused = resource(['Ready=Unknown: Paused', 'Paused=True: Paused']);
    const { awaitingApproval, paused: count } = standing(waiting, paused, READY);
    assert.deepEqual([awaitingApproval, count], [{ AwaitingApproval: 1 }, 1]);
  });

  it('tells how long the oldest generation is there that nobody took up, whatever else was written since', () => {
    const fields = (time: string, fieldsV1: object): Manifest['metadata'] => ({
      name: 't',
      creationTimestamp: '2025-01-01T00:00:00Z',
      managedFields: [{ manager: 'm', time, fieldsV1 }],
    });
    const changed = fields('2026-01-01T00:58:00Z', { 'f:spec': {} });
    const labelled = fields('2026-01-01T00:59:00Z', { 'f:metadata': {} });
    const stale = { observedGeneration: 1 };
    const old = resource(['Ready=True: Reconciled'], stale, changed);
    const { managedFields = [] } = changed;
    const relabelled = { managedFields: [...managedFields, ...(labelled.managedFields ?? [])] };
    const seen = standing(old, resource([], stale, { ...changed, ...relabelled }), READY);
    assert.equal(seen.unobservedSeconds, 120);
    assert.deepEqual(seen.states, {
      ready: { Reconciled: 1 },
      reconciling: { NotObserved: 2 },
      stalled: {},
    });
    const made = resource([], { observedGeneration: 0 }, { creationTimestamp: '2026-01-01T00:59:30Z' });
    assert.equal(standing(made).unobservedSeconds, 30);
    assert.equal(standing(READY).unobservedSeconds, 0);
  });

  it('keeps nothing more of a resource than one time', () => {
    const { metadata } = leanResource(
      resource([], {}, { managedFields: [{ time: '2026-01-01T00:00:00Z', fieldsV1: { 'f:spec': {} } }] }),
    );
    assert.equal(metadata.managedFields, undefined);
  });
});
