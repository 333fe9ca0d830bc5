import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StatusError } from '../../../kubernetes/status-error.ts';
import { statusErrorOf, unreachable } from '../../../kubernetes/status-mapping.ts';

const call = { method: 'GET', path: '/api/v1/secrets?labelSelector=token' };

describe('status mapping', () => {
  it("keeps the server's words", () => {
    const status = { kind: 'Status', code: 403, reason: 'Forbidden', message: 'no list of secrets' };
    const error = statusErrorOf(call, { code: 403, text: JSON.stringify(status) });
    assert.deepEqual([error.code, error.reason, error.message], [403, 'Forbidden', 'no list of secrets']);
    assert.equal(error.isTransient, false);
  });

  it('reads when to ask again from the header, else from the details', () => {
    const details = { retryAfterSeconds: 7 };
    const text = JSON.stringify({
      kind: 'Status',
      code: 429,
      reason: 'TooManyRequests',
      message: 'later',
      details,
    });
    assert.equal(statusErrorOf(call, { code: 429, text }).retryAfterMs, 7000);
    assert.equal(statusErrorOf(call, { code: 429, text, retryAfter: '2' }).retryAfterMs, 2000);
  });

  it('shows neither body nor query of an answer that is not a Status', () => {
    const error = statusErrorOf(call, { code: 502, text: '<html>secret</html>' });
    assert.deepEqual(
      [error.reason, error.message],
      ['ServiceUnavailable', 'HTTP 502 to GET /api/v1/secrets'],
    );
    assert.equal(error.isTransient, true);
  });

  it('names a webhook that does not answer, which looks like any internal error', () => {
    const message = 'Internal error occurred: failed calling webhook "w.dev": connect: connection refused';
    const text = JSON.stringify({ kind: 'Status', code: 500, reason: 'InternalError', message });
    const error = statusErrorOf(call, { code: 500, text });
    assert.deepEqual([error.reason, error.message, error.isTransient], ['WebhookUnreachable', message, true]);
  });

  it('names a namespace that is being deleted, which looks like a missing right', () => {
    const causes = [{ reason: 'NamespaceTerminating', field: 'metadata.namespace', message: 'is going' }];
    const status = { kind: 'Status', code: 403, reason: 'Forbidden', message: 'no', details: { causes } };
    const error = statusErrorOf(call, { code: 403, text: JSON.stringify(status) });
    assert.equal(error.reason, 'NamespaceTerminating');
  });

  it('says every cause of a refusal in a few words, the reason of each first', () => {
    const value = `{"env":"${'x'.repeat(100_000)}"}`;
    const causes = ['spec.template', 'spec.completions'].map((field) => ({
      reason: 'FieldValueInvalid',
      field,
      message: `Invalid value: ${value}: field is immutable`,
    }));
    const said = causes.map(({ field, message }) => `${field}: ${message}`).join(', ');
    const message = `Job.batch "x" is invalid: [${said}]`;
    const status = { kind: 'Status', code: 422, reason: 'Invalid', message, details: { causes } };
    const error = statusErrorOf(call, { code: 422, text: JSON.stringify(status) });
    assert.equal(
      error.message,
      'Job.batch "x" is invalid: spec.template: Invalid value: field is immutable; spec.completions: Invalid value: field is immutable',
    );
  });

  it('calls a lost connection Unreachable and names its cause', () => {
    const cause = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    const error = unreachable({ origin: 'https://k8s', method: 'GET', cause });
    assert.ok(error instanceof StatusError);
    assert.equal(error.message, 'the API server at https://k8s did not answer GET: ECONNREFUSED');
    assert.equal(error.reason, 'Unreachable');
  });
});
