import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Condition } from '../../../core/status/resource-status.ts';
import { assertConditionLaws } from '../../../testing/condition-laws.ts';

function condition(type: string, status: Condition['status'], rest: Partial<Condition> = {}): Condition {
  const lastTransitionTime = '2026-05-01T12:00:00Z';
  return {
    type,
    status,
    observedGeneration: 2,
    lastTransitionTime,
    reason: 'Reconciled',
    message: '',
    ...rest,
  };
}

function check(conditions: readonly Condition[], observedGeneration: number = 2): void {
  assertConditionLaws({
    kind: 'Pinot',
    metadata: { name: 'p', generation: 2 },
    status: { observedGeneration, conditions },
  });
}

const ready = condition('Ready', 'True');
const notReady = condition('Ready', 'False');
const unknown = condition('Ready', 'Unknown');
const reconciling = condition('Reconciling', 'True');
const stalled = condition('Stalled', 'True');

describe('the laws of conditions', () => {
  it('hold for a resource that is done, on its way, or stalled', () => {
    check([ready, condition('Progressing', 'False'), condition('Degraded', 'False')]);
    check([unknown, reconciling]);
    check([notReady, reconciling]);
    check([notReady, stalled]);
    check([notReady, condition('Degraded', 'True')]);
  });

  const broken: Readonly<Record<string, () => void>> = {
    'Ready is always there': () => check([]),
    'Ready is True only when nothing abnormal is': () => check([ready, reconciling]),
    'Ready is Unknown only while Reconciling is True': () => check([unknown]),
    'Ready is False while Stalled is True': () => check([unknown, stalled]),
    'Reconciling and Stalled exclude each other': () => check([notReady, reconciling, stalled]),
    'Reconciling and Stalled are there only when they are True': () =>
      check([ready, condition('Stalled', 'False')]),
    'no generation is observed before it exists': () => check([notReady], 3),
    'Ready is not True before the generation is observed': () => check([ready], 1),
    'every condition speaks of the observed generation when Ready is True': () =>
      check([ready, condition('Progressing', 'False', { observedGeneration: 1 })]),
    'every type is there once': () => check([ready, ready]),
    'every condition has the shape of metav1.Condition': () => check([{ ...ready, reason: 'not a word' }]),
  };
  for (const [law, breach] of Object.entries(broken))
    it(`can be broken: ${law}`, () => {
      assert.throws(breach, ({ message }: Error) => message.includes(`- ${law}: `));
    });

  it('bind the generations of the conditions too', () => {
    assert.throws(
      () => check([condition('Ready', 'False', { observedGeneration: 3 })]),
      /Ready: beyond generation 2/,
    );
  });

  it('ask for times, generations and messages that the API server takes', () => {
    const malformed: readonly Partial<Condition>[] = [
      { lastTransitionTime: '2026-05-01 12:00' },
      { lastTransitionTime: '2026-05-01T12:00:00.123Z' },
      { observedGeneration: 0 },
      { reason: '' },
      { message: 'x'.repeat(1025) },
    ];
    for (const rest of malformed) assert.throws(() => check([{ ...notReady, ...rest }]), /metav1\.Condition/);
  });

  it('are told all at once, with the conditions and the resource', () => {
    assert.throws(
      () => check([ready, reconciling, stalled]),
      (error: Error) => {
        assert.match(error.message, /^The conditions of Pinot p break a law:\n/);
        assert.equal(error.message.split('\n').filter((line) => line.startsWith('- ')).length, 3);
        assert.match(error.message, /They are: Ready=True \(Reconciled\), Reconciling=True/);
        return true;
      },
    );
  });

  it('take a resource without a status as one that says nothing', () => {
    assert.throws(
      () => assertConditionLaws({ kind: 'Pinot', metadata: { name: 'p' } }),
      /there is no condition Ready/,
    );
  });
});
