import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { acceptGeneration, setConditions } from '../../../core/status/conditions.ts';
import type { NextCondition } from '../../../core/status/conditions.ts';
import type { Condition, ResourceStatus } from '../../../core/status/resource-status.ts';
import { assertConditionLaws } from '../../../testing/condition-laws.ts';

const THEN = '2026-05-01T12:00:00Z';
const NOW = '2026-05-01T12:05:00Z';

function next(type: string, status: Condition['status'], message: string = 'all is told'): NextCondition {
  return { type, status, observedGeneration: 2, reason: 'Reconciled', message };
}

function known(type: string, status: Condition['status']): Condition {
  return { ...next(type, status), observedGeneration: 1, lastTransitionTime: THEN };
}

const types = (conditions: readonly Condition[]): readonly string[] => conditions.map(({ type }) => type);

describe('the conditions of a resource', () => {
  it('move their time only when their status flips', () => {
    const [kept] = setConditions([known('Ready', 'True')], [next('Ready', 'True', 'still')], NOW);
    assert.deepEqual(kept, { ...next('Ready', 'True', 'still'), lastTransitionTime: THEN });
    const [flipped] = setConditions([known('Ready', 'True')], [next('Ready', 'False')], NOW);
    assert.equal(flipped?.lastTransitionTime, NOW);
  });

  it('lose Reconciling and Stalled when these are not True', () => {
    const before = [known('Ready', 'False'), known('Reconciling', 'True'), known('Stalled', 'True')];
    const after = setConditions(before, [next('Reconciling', 'False'), next('Stalled', 'Unknown')], NOW);
    assert.deepEqual(types(after), ['Ready']);
  });

  it('keep what is not spoken of', () => {
    const after = setConditions([known('Paused', 'True')], [next('Ready', 'True')], NOW);
    assert.deepEqual(after[1], known('Paused', 'True'));
  });

  it('stand in one order: Ready, Reconciling, Stalled, Progressing, then the others as they came', () => {
    const after = setConditions(
      [known('Paused', 'True'), known('Degraded', 'True')],
      [
        next('Progressing', 'True'),
        next('Stalled', 'True'),
        next('Reconciling', 'True'),
        next('Ready', 'False'),
      ],
      NOW,
    );
    assert.deepEqual(types(after), ['Ready', 'Reconciling', 'Stalled', 'Progressing', 'Paused', 'Degraded']);
  });

  it('cut a message at 1,024 characters, and never in the middle of one', () => {
    const cut = (message: string): string | undefined =>
      setConditions([], [next('Ready', 'True', message)], NOW)[0]?.message;
    assert.equal(cut('a'.repeat(1024)), 'a'.repeat(1024));
    assert.equal(cut('a'.repeat(1025)), `${'a'.repeat(1023)}…`);
    assert.equal(cut(`${'a'.repeat(1022)}😀😀`), `${'a'.repeat(1022)}…`);
  });
});

describe('the first word about a generation', () => {
  const before: ResourceStatus = {
    observedGeneration: 1,
    conditions: [known('Ready', 'False'), known('Stalled', 'True'), known('Paused', 'True')],
    ready: '3/4',
    stage: 'broker',
    inventory: { objects: 4, kinds: ['ConfigMap'], fingerprint: 'abc' },
  };

  it('says that it is seen and not done', () => {
    const status = acceptGeneration(before, 2, NOW);
    assert.equal(status.observedGeneration, 2);
    assert.deepEqual(
      status.conditions.map(({ type, status: is, reason }) => `${type}=${is} ${reason}`),
      [
        'Ready=Unknown RollingOut',
        'Reconciling=True RollingOut',
        'Progressing=True RollingOut',
        'Paused=True Reconciled',
      ],
    );
  });

  it('keeps everything else', () => {
    const { ready, stage, inventory } = acceptGeneration(before, 2, NOW);
    assert.deepEqual(
      { ready, stage, inventory },
      { ready: '3/4', stage: 'broker', inventory: before.inventory },
    );
    const other = { objects: 5, kinds: ['Secret'], fingerprint: 'def' };
    assert.deepEqual(acceptGeneration(before, 2, NOW, other).inventory, other);
  });

  it('speaks of an installation where there was no status', () => {
    const status = acceptGeneration(undefined, 1, NOW);
    assert.equal(status.conditions[0]?.reason, 'Installing');
    assert.deepEqual([status.ready, status.stage], ['-', '-']);
  });

  it('obeys the laws of conditions', () => {
    const resource = { kind: 'Pinot', metadata: { name: 'p', generation: 2 } };
    assertConditionLaws({ ...resource, status: acceptGeneration(before, 2, NOW) });
    assertConditionLaws({ ...resource, status: acceptGeneration(undefined, 2, NOW) });
  });
});
