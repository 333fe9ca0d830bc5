import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { divisionOf } from '../../../bridge/division.ts';
import { eventually } from '../../../testing/eventually.ts';
import { ClusterGuard } from '../../../worker/cluster-guard.ts';
import { SetupError } from '../../../worker/setup-error.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { TWO_ROLES } from '../../support/toy-operator.ts';
import { ToyStage } from '../../support/toy-stage.ts';

const LOG = { info: () => undefined, warn: () => undefined, error: () => undefined };
const OTHER = { uid: 'uid-of-another-cluster', server: 'https://other.example.org' };
/** A running program looks at the marker every 10 seconds. */
const LOOKS = { timeoutMs: 60_000 };

describe('the task queue of an operator', { concurrency: true }, () => {
  const stages: ToyStage[] = [];
  after(() => Promise.all(stages.map((stage) => stage[Symbol.asyncDispose]())));

  async function open(): Promise<{ stage: ToyStage; taskQueue: string; uid: string }> {
    const stage = await ToyStage.open();
    stages.push(stage);
    const taskQueue = divisionOf(stage.operator.name, { allowed: [stage.namespace] });
    const system = await stage.api.get({ group: '', kind: 'Namespace', name: 'kube-system' });
    return { stage, taskQueue, uid: system?.metadata.uid ?? '' };
  }

  /** A program of another cluster, as far as Temporal sees it. */
  function otherCluster(stage: ToyStage, taskQueue: string): Promise<void> {
    return stage.temporal((client) =>
      new ClusterGuard({ client, taskQueue, cluster: OTHER, log: LOG }).check(),
    );
  }

  function endMarker(stage: ToyStage, taskQueue: string): Promise<unknown> {
    return stage.temporal((client) =>
      client.workflow.getHandle(ClusterGuard.markerOf(taskQueue)).terminate('its cluster is gone'),
    );
  }

  it('is refused to a second cluster in one line that names both and the way out', async () => {
    const { stage, taskQueue, uid } = await open();
    await assert.rejects(otherCluster(stage, taskQueue), (error: Error) => {
      assert.ok(error instanceof SetupError);
      for (const part of [taskQueue, uid, stage.sandbox.apiServer, OTHER.uid, OTHER.server])
        assert.ok(error.message.includes(part), error.message);
      assert.ok(
        error.message.endsWith(
          `temporal workflow terminate --namespace default --workflow-id ${ClusterGuard.markerOf(taskQueue)}`,
        ),
        error.message,
      );
      assert.ok(!error.message.includes('\n'));
      return true;
    });
    await stage.want(TWO_ROLES);
    await stage.ready();
  });

  it('is marked again when Temporal forgets, and keeps the second cluster out then, too', async () => {
    const { stage, taskQueue } = await open();
    await endMarker(stage, taskQueue);
    await eventually(
      'the running program marks it',
      () =>
        stage.temporal(async (client) => {
          const { status } = await client.workflow.getHandle(ClusterGuard.markerOf(taskQueue)).describe();
          return status.name === 'RUNNING';
        }),
      LOOKS,
    );
    await assert.rejects(otherCluster(stage, taskQueue), SetupError);
  });

  it('ends a running program, and starts none, once another cluster was given it', async () => {
    const { stage, taskQueue } = await open();
    const running = await stage.replica();
    await eventually('the other cluster gets it', async () => {
      await endMarker(stage, taskQueue).catch(() => undefined);
      return otherCluster(stage, taskQueue).then(
        () => true,
        () => false,
      );
    });
    await assert.rejects(running.ended, SetupError);
    await running.stop();
    await assert.rejects(stage.replica(), SetupError);
    await assert.rejects(stage.replica({ role: 'worker' }), SetupError);
  });
});

describe('the readiness of a program', () => {
  let stage: ToyStage;
  before(async () => {
    stage = await ToyStage.open();
    await stage.stop();
  });
  after(() => stage[Symbol.asyncDispose]());

  it('ends while Temporal is frozen, and comes back when it answers', async () => {
    const { hostname, port } = new URL(`tcp://${stage.sandbox.temporal.address}`);
    await using wire = await TcpProxy.to(hostname, Number(port));
    const running = await stage.start({ temporalAddress: `127.0.0.1:${wire.port}`, healthPort: 0 });
    const status = async (path: string): Promise<number> =>
      (await fetch(`http://127.0.0.1:${running.healthPort}${path}`)).status;
    assert.equal(await status('/readyz'), 200);
    wire.stall();
    await eventually('it is not ready', async () => (await status('/readyz')) === 503, LOOKS);
    assert.equal(await status('/healthz'), 200);
    wire.resume();
    await eventually('it is ready', async () => (await status('/readyz')) === 200, LOOKS);
  });
});
