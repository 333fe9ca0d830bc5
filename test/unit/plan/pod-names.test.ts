import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { podNameWarnings } from '../../../core/plan/pod-names.ts';

describe('the name of a workload', () => {
  const warningsOf = (kind: string, length: number, spec: object = {}): readonly string[] => {
    const name = 'x'.repeat(length);
    const [apps, batch] = ['apps/v1', 'batch/v1'];
    const apiVersion = kind.endsWith('Job') ? batch : apps;
    const manifest = { apiVersion: apiVersion ?? '', kind, metadata: { name }, spec };
    return podNameWarnings([{ key: `${kind}.${apiVersion?.split('/')[0]}/${name}`, manifest }]);
  };

  it('is as long as the labels and host names of its pods allow, or the plan says so', () => {
    const limits = [
      ['StatefulSet', 52, {}],
      ['CronJob', 52, {}],
      ['Job', 63, {}],
      ['Job', 60, { completionMode: 'Indexed', completions: 11 }],
    ] as const;
    for (const [kind, longest, spec] of limits) {
      assert.deepEqual(warningsOf(kind, longest, spec), []);
      assert.deepEqual(warningsOf(kind, longest + 1, spec), [
        `${kind} ${'x'.repeat(longest + 1)}: its name has ${longest + 1} characters, and pods can be made for ${longest} at most`,
      ]);
    }
  });

  it('is of no account where the names of pods do not come from it alone', () => {
    assert.deepEqual(warningsOf('Deployment', 200), []);
    assert.deepEqual(warningsOf('DaemonSet', 200), []);
  });
});
