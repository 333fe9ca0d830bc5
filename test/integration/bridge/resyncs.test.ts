import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { PlanAnswer } from '../../../activities/index.ts';
import type { ResourceRef } from '../../../core/refs.ts';
import { workflowBundle } from '../../../worker/workflow-bundle.ts';
import { BridgeWorld } from '../../support/bridge-world.ts';
import { sharedSandbox } from '../../support/sandbox.ts';
import { eventually } from '../../../testing/eventually.ts';
import type { KubernetesClient } from '../../../kubernetes/client.ts';
import { StatusError } from '../../../kubernetes/status-error.ts';
import { MEMO } from '../../../workflows/messages.ts';

const MANY = 100;
const AT_ONCE = 4;

/** A kind that a resource has behind an API, so that each comparison of the resource is told. */
const REMOTE = ['Table.external.durable-operator.dev/flights'];

/** The API of a server that does not know KEDA, and whose answer about that can be another for a while. */
function withoutKeda(api: KubernetesClient, trouble: () => StatusError | undefined): KubernetesClient {
  const servedKind: KubernetesClient['servedKind'] = async (kind, options) => {
    if (kind.group !== 'keda.sh') return api.servedKind(kind, options);
    throw trouble() ?? new StatusError('the server has no ScaledObject', { code: 404, reason: 'NotFound' });
  };
  return new Proxy(api, {
    get(target, name) {
      if (name === 'servedKind') return servedKind;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

describe('a resync', () => {
  it('goes on when the API server fails for a moment and autoscalers of a kind are not served', async () => {
    await using world = await BridgeWorld.begin('blip');
    const workload = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'main', image: 'none' }] },
        },
      },
    };
    const widget = await world.widget('remote');
    await world.report(widget, [await world.own(widget, workload)], 'True', REMOTE);
    let trouble: StatusError | undefined;
    const api = withoutKeda(world.api, () => trouble);
    const bridge = await world.bridge({ api, resyncPeriodMs: 300 });
    await eventually('autoscalers are known', () => bridge.scalers.in(world.namespace) !== undefined);
    trouble = new StatusError('etcdserver: leader changed', { code: 503, reason: 'ServiceUnavailable' });
    const { length } = await world.said('remote');
    await world.hears('remote', 'resyncs meanwhile', (said) => said.length >= length + 3);
    trouble = undefined;
    await world.hears('remote', 'resyncs afterwards', (said) => said.length >= length + 6);
    assert.notEqual(bridge.scalers.in(world.namespace), undefined);
    assert.equal(bridge.status().comparisons?.overdue, 0);
    assert.deepEqual(world.errors, []);
  });

  it('comes to a resource that is made in the middle of it within a period, as to all others', async () => {
    await using world = await BridgeWorld.begin('middle');
    const periodMs = 2_000;
    for (const name of ['a', 'b', 'c']) await world.report(await world.widget(name), [], 'True', REMOTE);
    await world.bridge({ resyncPeriodMs: periodMs });
    await world.hears('a', 'a resync', (said) => said.length > 0);
    await world.report(await world.widget('late'), [], 'True', REMOTE);
    for (const name of ['a', 'b', 'c', 'late']) {
      await world.hears(name, 'four signals', (all) => all.length >= 4);
      const times = await world.saidAt(name);
      const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
      // Temporal notes a signal some time after it was sent; a round after the next would be twice as late.
      assert.ok(Math.max(...gaps) < periodMs * 1.5, `${name} was compared after ${gaps.join(', ')} ms`);
    }
  });

  it('begins with what was not compared for longest, however often the program starts', async () => {
    await using world = await BridgeWorld.begin('starts');
    const periodMs = 60_000;
    const ages = { fresh: 0, middle: 2 * periodMs, old: 4 * periodMs };
    for (const [name, age] of Object.entries(ages)) {
      const widget = await world.report(await world.widget(name), [], 'True', REMOTE);
      assert.ok(widget.metadata.uid);
      await world.client.workflow.start('reconcile', {
        workflowId: world.idOf(name),
        taskQueue: world.operator,
        args: [{}],
        memo: { [MEMO.comparedAt]: Date.now() - age },
      });
    }
    await eventually(
      'the workflows are listed',
      async () =>
        (await world.client.workflow.count(`TaskQueue="${world.operator}"`)).count ===
        Object.keys(ages).length,
    );
    for (const start of [1, 2, 3]) {
      const bridge = await world.bridge({ resyncPeriodMs: periodMs });
      for (const name of ['old', 'middle'])
        await world.hears(name, `a resync after start ${start}`, (said) => said.length >= start);
      await bridge.stop();
    }
    assert.deepEqual(await world.said('fresh'), []);
  });
});

describe('a resync of many resources', () => {
  it('is overtaken by what somebody edits meanwhile, and goes on as fast as workflows take it up', async () => {
    await using world = await BridgeWorld.begin('resyncs');
    const { temporal } = await sharedSandbox();
    const connection = await NativeConnection.connect({ address: temporal.address });
    const names = Array.from({ length: MANY }, (_, count) => `w${count}`);
    for (const name of names) await world.widget(name);

    const looked: string[] = [];
    const open = Promise.withResolvers<void>();
    const worker = await Worker.create({
      connection,
      taskQueue: world.operator,
      workflowBundle: await workflowBundle(),
      maxConcurrentWorkflowTaskExecutions: 2,
      maxCachedWorkflows: 2,
      activities: {
        planResource: async (request: { resource: ResourceRef }): Promise<PlanAnswer> => {
          looked.push(request.resource.name);
          await open.promise;
          return { kind: 'gone' };
        },
      },
    });
    await worker.runUntil(async () => {
      // None of them has a status, so all are to be looked at.
      await world.bridge({ resyncs: AT_ONCE });
      await eventually('a look', () => looked.length > 0);
      const edited = names.findLast((name) => !looked.includes(name)) ?? '';
      await world.widget(edited, 2);
      await world.hears(edited, 'the edit', (said) => said.at(-1)?.hint.resource?.generation === 2);
      open.resolve();
      await eventually('all looks', () => names.every((name) => looked.includes(name)));
      const turn = [...new Set(looked)].indexOf(edited);
      assert.ok(turn < MANY / 5, `the edited one was looked at as number ${turn + 1} of ${MANY}`);
    });
    await connection.close();
  });
});
