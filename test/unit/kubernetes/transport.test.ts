import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { KubeConfig } from '@kubernetes/client-node';
import type { StatusError } from '../../../kubernetes/status-error.ts';
import { MOST_IN_FLIGHT } from '../../../kubernetes/flow-control.ts';
import type { Call } from '../../../kubernetes/transport.ts';
import { Transport } from '../../../kubernetes/transport.ts';
import type { Reply } from '../../support/http-stand-in.ts';
import { HttpStandIn } from '../../support/http-stand-in.ts';
import { eventually } from '../../../testing/eventually.ts';

/** As the filter of priority and fairness writes it: no Status, and a second. */
const TOO_MANY: Reply = {
  status: 429,
  text: 'Too many requests, please try again later.',
  headers: { 'content-type': 'text/plain', 'retry-after': '1', 'x-kubernetes-pf-flowschema-uid': 'workload' },
};

const read = (namespace: string, name: string): Call => ({
  method: 'GET',
  path: `/api/v1/namespaces/${namespace}/configmaps/${name}`,
});

describe('transport', () => {
  let server: HttpStandIn;
  let transport: Transport;
  before(async () => {
    server = await HttpStandIn.open(() => ({ status: 200, body: { kind: 'ConfigMap' } }));
  });
  beforeEach(async () => {
    await transport?.close();
    server.fault = () => undefined;
    server.calls.length = 0;
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromClusterAndUser(
      { name: 'stand-in', server: server.url, skipTLSVerify: true },
      { name: 'me', token: 'token' },
    );
    transport = new Transport(kubeConfig, 'test');
  });
  after(async () => {
    await transport.close();
    await server[Symbol.asyncDispose]();
  });

  it('asks again what was refused for want of room, after the time that the server named', async () => {
    let refusals = 2;
    server.fault = () => (refusals-- > 0 ? { kind: 'refuse', reply: TOO_MANY } : undefined);
    const answer = await transport.ask(read('a', 'one'));
    assert.equal(answer.code, 200);
    assert.equal(server.calls.length, 3);
    assert.equal(transport.flow.overloads, 2);
    assert.ok(transport.flow.limit < MOST_IN_FLIGHT);
  });

  it('says when to come back, of a refusal that lasts', async () => {
    server.fault = () => ({ kind: 'refuse', reply: { ...TOO_MANY, headers: { 'retry-after': '60' } } });
    await assert.rejects(transport.send(read('a', 'one')), {
      reason: 'TooManyRequests',
      retryAfterMs: 60_000,
    });
    await assert.rejects(transport.send(read('b', 'two')), (error: StatusError) => {
      assert.equal(error.reason, 'TooManyRequests');
      assert.ok((error.retryAfterMs ?? 0) > 55_000);
      return true;
    });
    assert.equal(server.calls.length, 1);
  });

  it('opens a watch while no request is sent', async () => {
    const held = Promise.withResolvers<void>();
    server.fault = ({ query }) => (query.has('watch') ? undefined : { kind: 'hold', until: held.promise });
    const requests = Array.from({ length: 2 * MOST_IN_FLIGHT }, (_, count) =>
      transport.send(read('a', String(count))),
    );
    await eventually('as many requests as may be', () => server.calls.length === MOST_IN_FLIGHT);
    const path = '/api/v1/namespaces/a/configmaps?watch=true';
    for await (const chunk of await transport.stream({ method: 'GET', path }))
      assert.equal(String(chunk), '{"kind":"ConfigMap"}');
    const lease = '/apis/coordination.k8s.io/v1/namespaces/home/leases/toys';
    assert.equal((await transport.ask({ method: 'GET', path: `${lease}?watch` })).code, 200);
    assert.equal(transport.flow.waiting, MOST_IN_FLIGHT);
    held.resolve();
    await Promise.all(requests);
    assert.deepEqual([transport.flow.inFlight, transport.flow.waiting], [0, 0]);
  });

  it('asks its caller, as the turn of a request has come, whether it is still to be sent', async () => {
    const held = Promise.withResolvers<void>();
    server.fault = () => ({ kind: 'hold', until: held.promise });
    const before = Array.from({ length: MOST_IN_FLIGHT }, (_, count) =>
      transport.send(read('a', String(count))),
    );
    let isLate = false;
    const beforeSend = (): void => {
      if (isLate) throw new Error('too late');
    };
    const late = assert.rejects(transport.send({ ...read('b', 'late'), beforeSend }), {
      message: 'too late',
    });
    await eventually('as many requests as may be', () => server.calls.length === MOST_IN_FLIGHT);
    isLate = true;
    held.resolve();
    await Promise.all([...before, late]);
    assert.equal(server.count('GET /api/v1/namespaces/b'), 0);
    assert.equal(transport.flow.inFlight, 0);
  });

  it('asks a server that went away only now and then, and all again as soon as a probe is answered', async () => {
    await transport.ask(read('a', 'one'));
    await server.goAway();
    const errors = await eventually('an open circuit', async () => {
      const error = await transport.ask(read('a', 'one')).then(
        () => undefined,
        (reason: StatusError) => reason,
      );
      return error?.message.includes('only now and then') && error;
    });
    assert.deepEqual([errors.reason, errors.code, transport.flow.circuit], ['Unreachable', 0, 'Open']);
    await server.comeBack();
    server.calls.length = 0;
    await eventually('an answer', () => transport.ask(read('a', 'one')).catch(() => undefined));
    assert.deepEqual(server.calls, ['GET /version', 'GET /api/v1/namespaces/a/configmaps/one']);
    assert.equal(transport.flow.circuit, 'Closed');
  });

  it('counts a 500, as a broken webhook gives it, neither for nor against the server', async () => {
    server.fault = () => ({ kind: 'refuse', reply: { status: 500 } });
    for (let count = 0; count < 20; count++) await transport.ask(read('a', 'one'));
    assert.deepEqual([transport.flow.circuit, transport.flow.limit], ['Closed', MOST_IN_FLIGHT]);
  });
});
