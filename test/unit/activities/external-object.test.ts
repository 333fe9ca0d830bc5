import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { MockActivityEnvironment } from '@temporalio/testing';
import { handling } from '../../../activities/external-object.ts';
import type { Handle } from '../../../activities/external-object.ts';
import { createRenderer } from '../../../activities/index.ts';
import type { Dependencies } from '../../../activities/index.ts';
import { Unreachable } from '../../../index.ts';
import type { Manifest } from '../../../core/manifest.ts';
import { StatusError } from '../../../kubernetes/status-error.ts';
import { BUILT_IN_SCOPES, NO_KEY } from '../../support/fake-object.ts';
import { tableOperator } from '../../support/toy-external.ts';

const RESOURCE: Manifest = {
  apiVersion: 'toy.dev/v1',
  kind: 'Toy',
  metadata: { name: 't1', namespace: 'here', uid: 'uid-1', generation: 1 },
};
const KEY = 'Table.external.durable-operator.dev/there/flights';

const told: unknown[] = [];

function dependencies(): Dependencies {
  const { operator, api } = { operator: tableOperator(), api: { get: get } };
  const say = (fields: object, text: string): void => void told.push([fields, text]);
  return {
    operator,
    api,
    renderer: createRenderer(operator, NO_KEY, BUILT_IN_SCOPES),
    log: { info: say, warn: say, error: say },
    events: { record: (_: unknown, news: unknown) => void told.push(news), flush: () => Promise.resolve() },
  } as unknown as Dependencies;
}

function get({ kind, name }: { kind: string; name: string }): Promise<Manifest | undefined> {
  const data = { password: Buffer.from('hunter2').toString('base64') };
  return Promise.resolve(
    kind === 'Secret' && name === 'login'
      ? { apiVersion: 'v1', kind, metadata: { name, namespace: 'here' }, data }
      : undefined,
  );
}

function handled<Result>(work: (handle: Handle) => Promise<Result>, key = KEY): Promise<unknown> {
  return new MockActivityEnvironment().run(() => handling(dependencies(), RESOURCE, key, work));
}

function thrown(error: unknown): Promise<unknown> {
  return handled(() => Promise.reject(error as Error));
}

describe('an external object in the hands of its kind', () => {
  it('has a name, a place, and a key that is the same in every attempt', async () => {
    const seen = await handled(({ context: { name, place, idempotencyKey } }) =>
      Promise.resolve({ name, place, idempotencyKey }),
    );
    assert.deepEqual(seen, { name: 'flights', place: 'there', idempotencyKey: `uid-1/${KEY}` });
  });

  it('is away when the connection fails, whatever wraps that', async () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });
    assert.deepEqual(await thrown(new TypeError('fetch failed', { cause: refused })), {
      reason: 'Unreachable',
      message: 'fetch failed: connect ECONNREFUSED 127.0.0.1:1',
    });
    assert.deepEqual(await thrown(new Unreachable('503')), { reason: 'Unreachable', message: '503' });
    assert.deepEqual(await thrown(new Unreachable('429', { retryAfter: '90 seconds' })), {
      reason: 'Unreachable',
      message: '429',
      retryAfterMs: 90_000,
    });
    for (const [retryAfter, retryAfterMs] of [['3 days', 3_600_000] as const, ['soon', undefined] as const]) {
      const outcome = await thrown(new Unreachable('429', { retryAfter }));
      assert.equal((outcome as { retryAfterMs?: number }).retryAfterMs, retryAfterMs);
    }
    const busy = new StatusError('too many', { code: 429, reason: 'TooManyRequests' });
    assert.deepEqual(await thrown(busy), { reason: 'Unreachable', message: 'too many' });
  });

  it('is refused by everything else that is thrown, word for word', async () => {
    assert.deepEqual(await thrown(new Error('409 {"error":"in use"}')), {
      reason: 'RemoteRefused',
      message: '409 {"error":"in use"}',
    });
    assert.deepEqual(await thrown('a string'), { reason: 'RemoteRefused', message: 'a string' });
  });

  it('is given up, and tried later, when its function does not end', async () => {
    const abort = new AbortController();
    mock.method(AbortSignal, 'timeout', () => abort.signal);
    const outcome = handled(() => {
      setImmediate(() => abort.abort(new DOMException('too late', 'TimeoutError')));
      return new Promise(() => undefined);
    });
    assert.deepEqual(await outcome, { reason: 'Unreachable', message: 'its server took longer than 60 s' });
    mock.restoreAll();
  });

  it('tells nobody what a Secret holds', async () => {
    told.length = 0;
    const outcome = await handled(async ({ context }) => {
      const { password } = await context.secret({ name: 'login' });
      context.log.info(`with ${password}`, { header: [`Bearer ${password}`], count: 1 });
      context.event('Normal', 'Told', `is ${password}`);
      throw new Error(`401 for ${password}`);
    });
    assert.deepEqual(outcome, {
      reason: 'RemoteRefused',
      message: '401 for ***',
      read: { 'Secret/login': '' },
    });
    assert.equal(told.length, 2);
    assert.equal(JSON.stringify(told).includes('hunter2'), false);
  });

  it('reads no Secret of another namespace, and none by another way', async () => {
    const elsewhere = await handled(({ context }) => context.secret({ name: 'login', namespace: 'theirs' }));
    assert.match((elsewhere as { message: string }).message, /its own namespace here alone/);
    const missing = await handled(({ context }) => context.secret({ name: 'none' }));
    assert.match((missing as { message: string }).message, /^Secret here\/none is not there; create it/);
    const sideways = await handled(({ context }) =>
      context.read({ apiVersion: 'v1', kind: 'Secret', name: 'login' }),
    );
    assert.match((sideways as { message: string }).message, /read it by context.secret/);
  });

  it('is refused when the operator does not know its kind any more', async () => {
    const outcome = await handled(() => Promise.resolve(1), 'Queue.external.durable-operator.dev/there/one');
    assert.match((outcome as { message: string }).message, /no external kind Queue any more/);
  });
});
