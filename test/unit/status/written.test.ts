import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { acceptGeneration } from '../../../core/status/conditions.ts';
import { readStatus } from '../../../core/status/read-status.ts';
import type { ResourceStatus } from '../../../core/status/resource-status.ts';
import { isAsWritten, sealed, statusFingerprint } from '../../../core/status/written.ts';

const STATUS: ResourceStatus = {
  ...acceptGeneration(undefined, 3, '2026-01-01T00:00:00Z', {
    objects: 2,
    kinds: ['ConfigMap', 'StatefulSet.apps'],
    externals: ['Table.external.durable-operator.dev/flights'],
    commands: '0123abcd',
    fingerprint: '89abcdef',
  }),
  rollout: {
    trigger: 'Install',
    generation: 3,
    startedAt: '2026-01-01T00:00:00Z',
    stages: [{ name: 'broker', state: 'Rolling', startedAt: '2026-01-01T00:00:00Z' }],
    pendingApprovals: [{ stage: 'broker', token: '01234567', reason: 'AwaitingApproval' }],
  },
  history: [{ trigger: 'Change', generation: 2, startedAt: '2025-01-01T00:00:00Z' }],
  memory: { good: { revision: 'r1', generation: 2, digest: 'd', input: { digest: 'i' } } },
  routine: { load: [1, 2] },
  references: [{ object: 'Secret/tls', seen: '17' }],
};

/** As the API server answers it: keys in another order. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, part]) => [key, reordered(part)]),
  );
}

function manifest(status: unknown): Parameters<typeof readStatus>[0] {
  return { apiVersion: 'toy.dev/v1', kind: 'Toy', metadata: { name: 't' }, status };
}

describe('a status that was written', () => {
  it('is recognised in whatever order its keys are, and whatever others add beside it', () => {
    const live = reordered(sealed(STATUS)) as ResourceStatus;
    assert.equal(isAsWritten(live), true);
    const foreign = {
      ...live.conditions[0],
      type: 'example.org/Synced',
    } as ResourceStatus['conditions'][number];
    assert.equal(isAsWritten({ ...live, conditions: [...live.conditions, foreign], other: 1 }), true);
  });

  it('is not recognised when another hand changed or removed anything of it', () => {
    const live = sealed(STATUS);
    const changed = [
      { ...live, ready: '9/9' },
      { ...live, conditions: live.conditions.slice(1) },
      { ...live, conditions: live.conditions.map((each) => ({ ...each, status: 'True' })) },
      { ...live, references: [] },
      { ...live, inventory: { ...live.inventory, kinds: [] } },
    ];
    for (const status of changed) assert.equal(isAsWritten(status), false, JSON.stringify(status));
    const { rollout: _, ...without } = live;
    assert.equal(isAsWritten(without), false);
    assert.notEqual(statusFingerprint({}), statusFingerprint(live));
  });
});

describe('the status of a resource', () => {
  it('is read back as it was written', () => {
    assert.deepEqual(readStatus(manifest(sealed(STATUS))), sealed(STATUS));
  });

  it('is read whatever JSON stands there, with every field of the type that its readers expect', () => {
    const names = Object.keys(STATUS);
    const anything = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...names), fc.jsonValue()));
    fc.assert(
      fc.property(anything, (status) => {
        const read = readStatus(manifest(status));
        for (const { type, reason } of read.conditions ?? [])
          assert.deepEqual([typeof type, typeof reason], ['string', 'string']);
        for (const each of read.inventory?.kinds ?? []) assert.equal(typeof each, 'string');
        for (const each of read.inventory?.externals ?? []) assert.equal(typeof each, 'string');
        for (const { object } of read.references ?? []) assert.match(object, /.\/./);
        for (const { stages } of [read.rollout].flatMap((each) => each ?? []))
          assert.ok(Array.isArray(stages));
        assert.equal(typeof statusFingerprint(status), 'string');
        assert.equal(typeof isAsWritten(status), 'boolean');
      }),
      { numRuns: 500 },
    );
  });
});
