import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { PlanAnswer } from '../../../activities/index.ts';
import { Addressees } from '../../../bridge/addressees.ts';
import type { ResourceRef } from '../../../core/refs.ts';
import type { OwnedSandbox } from '../../../sandbox/index.ts';
import { startSandbox } from '../../../sandbox/index.ts';
import { workflowBundle } from '../../../worker/workflow-bundle.ts';
import { freshTaskQueue } from '../../support/sandbox.ts';
import { eventually } from '../../../testing/eventually.ts';

const MANY = 60;

describe('the workflows of a namespace, on a Temporal with fairness', () => {
  let sandbox: OwnedSandbox;
  let connection: NativeConnection;
  before(async () => {
    sandbox = await startSandbox({
      name: freshTaskQueue('fair'),
      kubernetes: false,
      temporalDynamicConfig: { 'matching.enableFairness': true },
    });
    connection = await NativeConnection.connect({ address: sandbox.temporal.address });
  });
  after(async () => {
    await connection.close();
    await sandbox[Symbol.asyncDispose]();
  });

  it('take turns with those of other namespaces, however many of them wait', async () => {
    const client = new Client({ connection });
    const taskQueue = freshTaskQueue('fair');
    const addressees = new Addressees({ client, taskQueue, searchAttributes: false });
    const resource = (namespace: string, name: string): ResourceRef => ({
      group: 'toy.dev',
      version: 'v1',
      kind: 'Toy',
      plural: 'toys',
      namespace,
      name,
    });
    for (let count = 0; count < MANY; count++)
      await addressees.living(resource('many', `t${count}`)).deliver({ resync: true });
    const one = addressees.living(resource('one', 't'));
    await one.deliver({ resync: true });
    assert.equal((await client.workflow.getHandle(one.workflowId).describe()).priority?.fairnessKey, 'one');

    const planned: string[] = [];
    const worker = await Worker.create({
      connection,
      taskQueue,
      workflowBundle: await workflowBundle(),
      maxConcurrentWorkflowTaskExecutions: 2,
      maxCachedWorkflows: 2,
      activities: {
        planResource: async (request: { resource: ResourceRef }): Promise<PlanAnswer> => {
          planned.push(request.resource.namespace ?? '');
          return { kind: 'gone' };
        },
      },
    });
    await worker.runUntil(() => eventually('all planned', () => planned.length === MANY + 1));
    const turn = planned.indexOf('one');
    assert.ok(turn < 5, `the turn of "one" was ${turn + 1} of ${planned.length}`);
  });
});
