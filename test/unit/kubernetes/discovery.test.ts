import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Discovery } from '../../../kubernetes/discovery.ts';
import { StatusError } from '../../../kubernetes/status-error.ts';

const AWAY = new StatusError('service unavailable', { code: 503, reason: 'ServiceUnavailable' });
const SILENT = new StatusError('no answer', { code: 0, reason: 'Unreachable' });

/** A server with these documents; an error is thrown, and what is absent is not found. */
function discovery(documents: Readonly<Record<string, unknown>>): Discovery {
  return new Discovery((path) => {
    const document = documents[path];
    return document instanceof Error ? Promise.reject(document) : Promise.resolve(document);
  });
}

function reason(word: string): (error: unknown) => boolean {
  return (error) => error instanceof StatusError && error.reason === word;
}

const GROUP = { preferredVersion: { version: 'v1' }, versions: [{ version: 'v1' }, { version: 'v2' }] };
const KNOBS = { resources: [{ name: 'knobs', kind: 'Knob', namespaced: true }] };
const KNOB = { group: 'a.dev', kind: 'Knob' };
const OTHER = { group: 'a.dev', kind: 'Other' };

describe('discovery', () => {
  it('says that a kind is not served only when every version of its group was read', async () => {
    const whole = discovery({ '/apis/a.dev': GROUP, '/apis/a.dev/v1': KNOBS, '/apis/a.dev/v2': KNOBS });
    await assert.rejects(whole.find(OTHER), reason('NotFound'));
    const partly = discovery({ '/apis/a.dev': GROUP, '/apis/a.dev/v1': KNOBS, '/apis/a.dev/v2': AWAY });
    await assert.rejects(partly.find(OTHER), reason('ServiceUnavailable'));
  });

  it('finds a kind though another version of its group cannot be read', async () => {
    for (const v1 of [AWAY, undefined]) {
      const partly = discovery({ '/apis/a.dev': GROUP, '/apis/a.dev/v1': v1, '/apis/a.dev/v2': KNOBS });
      assert.equal((await partly.find(KNOB)).version, 'v2');
    }
  });

  it('takes a version that is listed and not served for one that is away', async () => {
    await assert.rejects(discovery({ '/apis/a.dev': GROUP }).find(KNOB), reason('ServiceUnavailable'));
  });

  it('says of a group that is not there that its kinds are not served', async () => {
    await assert.rejects(discovery({}).find(KNOB), reason('NotFound'));
  });

  it('says nothing of a kind while the server does not answer', async () => {
    await assert.rejects(discovery({ '/apis/a.dev': SILENT }).find(KNOB), reason('Unreachable'));
  });
});
