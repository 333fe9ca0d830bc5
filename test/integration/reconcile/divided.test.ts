import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ALL_RIGHTS, ServiceAccount } from '../../support/service-account.ts';
import { TWO_ROLES } from '../../support/toy-operator.ts';
import { ToyStage } from '../../support/toy-stage.ts';

const NAMES = ['one', 'two', 'three'];

/** Two namespaces of one operator on one Temporal, and a program for each, with rights there alone. */
describe('programs that are divided by namespaces', () => {
  let stages: readonly [ToyStage, ToyStage];
  before(async () => {
    const first = await ToyStage.open();
    stages = [first, await ToyStage.open(() => first.operator)];
    await Promise.all(
      stages.map(async (stage) => {
        await stage.stop();
        const { kubeconfig } = await ServiceAccount.make(stage, ALL_RIGHTS);
        await stage.start({ kubeconfig, identity: stage.namespace });
      }),
    );
  });
  after(() => Promise.all(stages.map((stage) => stage[Symbol.asyncDispose]())));

  it('work on their own resources alone', async () => {
    await Promise.all(
      stages.flatMap((stage) =>
        NAMES.map(async (name) => {
          await stage.want(TWO_ROLES, name);
          await stage.ready(name);
        }),
      ),
    );
    await stages[0].temporal(async (client) => {
      for (const stage of stages)
        for (const name of NAMES) {
          const { events } = await client.workflow.getHandle(stage.workflowId(name)).fetchHistory();
          const workers = (events ?? []).flatMap(
            ({ workflowTaskStartedEventAttributes: task, activityTaskStartedEventAttributes: activity }) =>
              task?.identity ?? activity?.identity ?? [],
          );
          assert.ok(workers.length > 0);
          assert.deepEqual([...new Set(workers)], [stage.namespace]);
        }
    });
  });
});
