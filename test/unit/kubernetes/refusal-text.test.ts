import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { literalsOf, refusalText } from '../../../kubernetes/refusal-text.ts';

const ENVIRONMENT = '"Env":[{"Name":"P","Value":"hunter2: \\"x\\", secret"}]';
const SAID: readonly (readonly [said: string, told: string])[] = [
  [
    `spec.template: Invalid value: {"labels":{"a":"b"},"Spec":{${ENVIRONMENT}}}: field is immutable`,
    'spec.template: Invalid value: field is immutable',
  ],
  [
    'spec.template: Invalid value: core.PodTemplateSpec{Spec:core.PodSpec{Env:[]core.EnvVar{core.EnvVar{Value:"hunter2"}}, F:(*int64)(nil)}}: field is immutable',
    'spec.template: Invalid value: field is immutable',
  ],
  [
    'Job.batch "x" is invalid: [spec.a: Invalid value: 7: must be less than 3, type: Invalid value: "hunter2", b: Required value]',
    'Job.batch "x" is invalid: [spec.a: Invalid value: must be less than 3, type: Invalid value: ***, b: Required value]',
  ],
  [
    'spec.strategy: Unsupported value: {"Type":"hunter2"}: supported values: "Recreate"',
    'spec.strategy: Unsupported value: supported values: "Recreate"',
  ],
  [
    '(n/x; /v1, Kind=Secret): .stringData.pin: expected string, got &value.valueUnstructured{Value:123456789}',
    '(n/x; /v1, Kind=Secret): .stringData.pin: expected string, got ***',
  ],
  [
    'parsing time "hunter2" as "2006-01-02T15:04:05Z07:00": cannot parse "hunter2" as "2006"',
    'parsing time *** as "2006-01-02T15:04:05Z07:00": cannot parse *** as "2006"',
  ],
  [
    'spec: Forbidden: pod updates may not change fields other than `a`\n@@ -105,7 +105,7 @@\n-     "Value": "hunter2",\n',
    'spec: Forbidden: pod updates may not change fields other than `a`',
  ],
  // The rules of a CRD are reported with no value.
  [
    'Pinot.datainfra.io "x" is invalid: [spec.nodes: Invalid value: each node has a name of its own, spec.order: Invalid value: each type: once]',
    'Pinot.datainfra.io "x" is invalid: [spec.nodes: Invalid value: each node has a name of its own, spec.order: Invalid value: each type: once]',
  ],
  // A value that does not end is a value to the end of the text.
  ['spec.x: Invalid value: {"a": "hunter2', 'spec.x: Invalid value: ***'],
];

describe('the text of a refusal', () => {
  for (const [said, told] of SAID)
    it(`keeps field and reason of "${said.slice(0, 60)}", and no value`, () => {
      assert.equal(refusalText(said, []), told);
    });

  it('has none of what was sent to a container or as a Secret, whatever a webhook quotes', () => {
    const job = {
      kind: 'Job',
      spec: {
        template: {
          spec: { containers: [{ env: [{ name: 'P', value: 'hunter2-long' }], args: ['--password=tiger'] }] },
        },
      },
    };
    const denied =
      'admission webhook "w" denied the request: P is hunter2-long, and --password=tiger is an argument';
    assert.equal(
      refusalText(denied, literalsOf(job)),
      'admission webhook "w" denied the request: P is ***, and *** is an argument',
    );
    const secret = {
      kind: 'Secret',
      data: { a: Buffer.from('tiger').toString('base64') },
      stringData: { b: 'line one\nline two', c: 31415926 },
    };
    const quoted = `denied: tiger, ${Buffer.from('tiger').toString('base64')}, line one\\nline two, 31415926`;
    assert.equal(refusalText(quoted, literalsOf(secret)), 'denied: ***, ***, ***, ***');
  });

  it('is bounded, and costs no more than one walk over megabytes of it', () => {
    const long = `spec.template: Invalid value: {"a":"${'x'.repeat(3_000_000)}"}: field is immutable`;
    const began = performance.now();
    assert.equal(refusalText(long, []), 'spec.template: Invalid value: field is immutable');
    const words = refusalText(`denied: ${'Invalid value: {'.repeat(200_000)}`, []);
    assert.ok(words.length <= 1_000);
    assert.ok(performance.now() - began < 5_000);
  });
});
