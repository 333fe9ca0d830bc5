import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { read } from '../../../core/health/read.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';

const TROUBLE =
  'the order lists "replcia", which no workload has, and not "replica": correct the role, take it out of the order, ' +
  'or write "*" where all other roles belong';

function replicated(order: readonly string[], image: string): ToySpec {
  return {
    order,
    nodes: [
      { name: 'r', role: 'replica', config: 'a=1', image },
      { name: 'p', role: 'primary', config: 'a=1', image },
    ],
  };
}

describe('an order that names a role which no workload has, and not one that a workload has', () => {
  let stage: ToyStage;
  before(async () => {
    stage = await ToyStage.open();
  });
  after(() => stage[Symbol.asyncDispose]());

  async function images(): Promise<readonly unknown[]> {
    const pods = ['t1-r-0', 't1-p-0'].map((name) => stage.api.get(stage.ref('Pod', name)));
    return (await Promise.all(pods)).map(
      (pod) => (read(pod, 'spec', 'containers') as { image: string }[] | undefined)?.[0]?.image,
    );
  }

  it('is told by a condition and an event, and holds up no first install that is parallel', async () => {
    await stage.want(replicated(['replcia', 'primary'], 'example.org/toy:1'));
    const { status } = await stage.ready();
    const condition = conditionOf(status, 'OrderUnclear');
    assert.deepEqual([condition?.status, condition?.message], ['True', TROUBLE]);
    const events = (await stage.events()).filter(({ reason }) => reason === 'OrderUnclear');
    assert.deepEqual(
      events.map(({ type, note }) => [type, note]),
      [['Warning', TROUBLE]],
    );
  });

  it('changes no pod', async () => {
    await stage.want(replicated(['replcia', 'primary'], 'example.org/toy:2'));
    const { status } = await stage.stalled('OrderUnclear');
    assert.equal(conditionOf(status, 'Ready')?.message, TROUBLE);
    assert.deepEqual(await images(), ['example.org/toy:1', 'example.org/toy:1']);
  });

  it('goes on, in the order that is meant, once it is corrected', async () => {
    await stage.want(replicated(['replica', 'primary'], 'example.org/toy:2'));
    const { status } = await stage.ready();
    assert.equal(conditionOf(status, 'OrderUnclear'), undefined);
    assert.deepEqual(
      status?.rollout?.stages.map(({ name }) => name),
      ['replica', 'primary'],
    );
    assert.deepEqual(await images(), ['example.org/toy:2', 'example.org/toy:2']);
  });
});
