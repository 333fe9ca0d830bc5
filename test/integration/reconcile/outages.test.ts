import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../../../testing/eventually.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { TWO_ROLES } from '../../support/toy-operator.ts';
import { ToyStage } from '../../support/toy-stage.ts';

function configured(config: string): ToySpec {
  return { ...TWO_ROLES, nodes: TWO_ROLES.nodes.map((node) => ({ ...node, config })) };
}

/** Through wires that can be cut. */
describe('the program, with a server away', () => {
  let stage: ToyStage;
  let toKubernetes: TcpProxy;
  let toTemporal: TcpProxy;
  let options: { kubeconfig: string; temporalAddress: string };
  before(async () => {
    stage = await ToyStage.open();
    await stage.stop();
    const { kubeconfig, apiServer, temporal } = stage.sandbox;
    const [server, frontend] = [new URL(apiServer), new URL(`tcp://${temporal.address}`)];
    toKubernetes = await TcpProxy.to(server.hostname, Number(server.port));
    toTemporal = await TcpProxy.to(frontend.hostname, Number(frontend.port));
    const wired = join(stage.sandbox.directory, `${stage.namespace}.kubeconfig`);
    const text = await readFile(kubeconfig, 'utf8');
    await writeFile(wired, text.replaceAll(server.host, `${server.hostname}:${toKubernetes.port}`));
    options = { kubeconfig: wired, temporalAddress: `127.0.0.1:${toTemporal.port}` };
  });
  after(async () => {
    await Promise.all([toKubernetes.mend(), toTemporal.mend()]);
    await stage[Symbol.asyncDispose]();
    await Promise.all([toKubernetes.cut(), toTemporal.cut()]);
  });

  it('starts when Temporal comes, having waited for it', async () => {
    await toTemporal.cut();
    const started = stage.start(options);
    await stage.want(TWO_ROLES, 'early');
    await toTemporal.mend();
    await started;
    await stage.ready('early');
  });

  it('delivers a change made while Temporal was away', async () => {
    await stage.want(TWO_ROLES, 'told');
    await stage.ready('told');
    await toTemporal.cut();
    await stage.want(configured('2'), 'told');
    await toTemporal.mend();
    await stage.ready('told');
  });

  it('sees a change made while the API server was out of its reach, and one made to an object', async () => {
    await stage.want(TWO_ROLES, 'unseen');
    await stage.ready('unseen');
    await toKubernetes.cut();
    await stage.want(configured('2'), 'unseen');
    const { metadata } = (await stage.api.get(stage.ref('Service', 'unseen-c'))) ?? {};
    await stage.api.remove(stage.ref('Service', 'unseen-c'), { uid: metadata?.uid ?? '' });
    await toKubernetes.mend();
    await stage.ready('unseen');
    await eventually('the deleted Service is back', () => stage.api.get(stage.ref('Service', 'unseen-c')));
  });

  it('says at its health port that the API server does not answer, and works on when it does', async () => {
    await stage.stop();
    const replica = await stage.replica({ ...options, healthPort: 0 });
    const ask = async (path: string): Promise<string> =>
      (await fetch(`http://127.0.0.1:${replica.healthPort}${path}`)).text();
    const circuit = async (state: string): Promise<boolean> =>
      (await ask('/metrics')).includes(`durable_operator_api_circuit_state{state="${state}"} 1`);
    try {
      await stage.want(TWO_ROLES, 'dying');
      await stage.ready('dying');
      assert.ok(await circuit('Closed'));
      await toKubernetes.cut();
      await eventually('the circuit is open', () => circuit('Open'));
      const api = JSON.parse(await ask('/readyz')).find(
        ({ name }: { name: string }) => name === 'API server',
      );
      assert.deepEqual([api.isDead, api.isReady, api.detail.circuit], [false, false, 'Open']);
      await stage.want(configured('2'), 'dying');
      await toKubernetes.mend();
      await stage.ready('dying');
      await eventually('the circuit is closed', () => circuit('Closed'));
    } finally {
      await replica.stop();
      await stage.start(options);
    }
  });

  it('finishes an upgrade through connections that break all the time', async () => {
    await stage.want(TWO_ROLES, 'shaken');
    await stage.ready('shaken');
    await stage.want(configured('2'), 'shaken');
    const shaking = setInterval(() => {
      toKubernetes.sever();
      toTemporal.sever();
    }, 150);
    try {
      await eventually(
        'half of it is done',
        async () =>
          (await stage.resource('shaken'))?.status?.stage === 'broker' ||
          (await stage.resource('shaken'))?.status?.rollout?.finishedAt,
      );
    } finally {
      clearInterval(shaking);
    }
    const { status } = await stage.ready('shaken');
    assert.deepEqual(
      status?.rollout?.stages.map(({ state }) => state),
      ['Done', 'Done'],
    );
  });
});
