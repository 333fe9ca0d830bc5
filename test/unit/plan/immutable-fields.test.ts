import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { immutableAnswer } from '../../../core/plan/immutable-fields.ts';

const metadata = { name: 'x' };

function answerTo(apiVersion: string, kind: string, ...fields: readonly string[]): string | undefined {
  return immutableAnswer(
    { apiVersion, kind, metadata },
    fields.map((field) => ({ field })),
  )?.kind;
}

describe('what is done about an immutable field', () => {
  it('follows from the kind, where every field that is refused is one of those', () => {
    assert.equal(answerTo('batch/v1', 'Job', 'spec.template', 'spec.completions'), 'replace');
    assert.equal(answerTo('v1', 'Service', 'spec.clusterIPs[0]'), 'approve');
    assert.equal(answerTo('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'spec.scope'), 'refuse');
  });

  it('is nothing where another field is refused as well, or none is named, or the kind has none', () => {
    assert.equal(answerTo('v1', 'Service', 'spec.clusterIPs[0]', 'spec.ports[0].port'), undefined);
    assert.equal(answerTo('v1', 'Service', 'spec.clusterIPsOfOthers'), undefined);
    assert.equal(answerTo('v1', 'Service'), undefined);
    assert.equal(answerTo('example.org/v1', 'Job', 'spec.template'), undefined);
  });
});
