import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { divisionOf } from '../../../bridge/division.ts';
import { eventually } from '../../../testing/eventually.ts';
import { BridgeWorld } from '../../support/bridge-world.ts';

/** What a program was given before its `--allow-namespace` was changed. */
const FORMER = { allowed: ['another'] };

describe('a bridge whose program watches other namespaces than before', () => {
  let world: BridgeWorld;
  before(async () => {
    world = await BridgeWorld.begin('moved');
  });
  after(() => world[Symbol.asyncDispose]());

  async function run(name: string): Promise<{ readonly status: string; readonly taskQueue: string }> {
    const { status, taskQueue } = await world.client.workflow.getHandle(world.idOf(name)).describe();
    return { status: status.name, taskQueue };
  }

  /** A workflow in the former task queue, and what ends it. */
  async function begun(name: string): Promise<void> {
    await world.client.workflow.start('reconcile', {
      workflowId: world.idOf(name),
      taskQueue: divisionOf(world.operator, FORMER),
    });
  }

  it('moves their workflows to its own task queue', async () => {
    await world.widget('kept');
    await begun('kept');
    await begun('gone');
    const bridge = await world.bridge({ sweepPeriodMs: 100 });
    await eventually('it runs here', async () => (await run('kept')).taskQueue === world.operator);
    assert.equal((await run('kept')).status, 'RUNNING');
    // Its resource does not exist: nothing begins again.
    await eventually('it has ended', async () => (await run('gone')).status === 'TERMINATED');
    await bridge.stop();
  });

  it('leaves those of other operators, and of namespaces that it does not watch', async () => {
    const others = [
      {
        workflowId: `${world.idOf('x').split('/')[0]}/elsewhere/x`,
        taskQueue: divisionOf(world.operator, FORMER),
      },
      { workflowId: world.idOf('y'), taskQueue: `${world.operator}-other` },
    ];
    for (const options of others) await world.client.workflow.start('reconcile', options);
    await world.widget('mine');
    await begun('mine');
    await world.bridge({ sweepPeriodMs: 100 });
    await eventually('its own is moved', async () => (await run('mine')).taskQueue === world.operator);
    for (const { workflowId } of others) {
      const { status } = await world.client.workflow.getHandle(workflowId).describe();
      assert.equal(status.name, 'RUNNING', workflowId);
      await world.client.workflow.getHandle(workflowId).terminate();
    }
  });
});
