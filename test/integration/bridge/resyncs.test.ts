import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { PlanAnswer } from '../../../activities/index.ts';
import type { ResourceRef } from '../../../core/refs.ts';
import { workflowBundle } from '../../../worker/workflow-bundle.ts';
import { BridgeWorld } from '../../support/bridge-world.ts';
import { sharedSandbox } from '../../support/sandbox.ts';
import { eventually } from '../../../testing/eventually.ts';

const MANY = 100;
const AT_ONCE = 4;

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
