import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../../../testing/eventually.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { toyOperator } from '../../support/toy-operator.ts';
import { ToyStage } from '../../support/toy-stage.ts';

const wanted = (image: string): ToySpec => ({
  order: ['controller', 'broker'],
  nodes: [
    { name: 'c', role: 'controller', config: '1', image: `example.org/toy:${image}` },
    { name: 'b', role: 'broker', config: '1', image: `example.org/toy:${image}` },
  ],
});

describe('a newer spec in the middle of a rollout', () => {
  let gate: true | string = true;
  let stage: ToyStage;
  before(async () => {
    const watched = (): true | string => gate;
    stage = await ToyStage.open((name) => toyOperator({ name, gate: watched }));
  });
  after(() => stage[Symbol.asyncDispose]());

  async function image(name: string): Promise<string> {
    const live = await stage.api.get(stage.ref('StatefulSet', name, 'apps'));
    return Object(live?.['spec']).template?.spec.containers[0].image ?? '';
  }

  function changed(name: string, to: string): Promise<unknown> {
    return eventually(`${name} has the image ${to}`, async () => (await image(name)).endsWith(`:${to}`));
  }

  it('is taken up although a pod crashes, and the stage behind has only the newest', async () => {
    gate = true;
    await stage.want(wanted('1'), 'halted');
    await stage.ready('halted');
    await stage.want(wanted('crash'), 'halted');
    await stage.stalled('WorkloadFailed', 'halted');
    assert.equal(await image('halted-b'), 'example.org/toy:1');
    await stage.want(wanted('3'), 'halted');
    await changed('halted-c', '3');
    await stage.ready('halted');
    assert.equal(await image('halted-b'), 'example.org/toy:3');
  });

  it('is taken up although a gate is closed, and stays so', async () => {
    gate = true;
    await stage.want(wanted('1'), 'waiting');
    await stage.ready('waiting');
    gate = 'segments are being loaded';
    await stage.want(wanted('2'), 'waiting');
    const isAtGate = (): Promise<unknown> =>
      stage.until(
        'the gate is closed',
        ({ conditions }) => conditions.some(({ reason }) => reason === 'GateClosed'),
        'waiting',
      );
    await isAtGate();
    await stage.want(wanted('3'), 'waiting');
    await changed('waiting-c', '3');
    await isAtGate();
    assert.equal(await image('waiting-b'), 'example.org/toy:1');
  });
});
