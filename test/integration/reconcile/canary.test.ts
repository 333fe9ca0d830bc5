import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { toyOperator } from '../../support/toy-operator.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { ToyStage } from '../../support/toy-stage.ts';

const wanted = (config: string, image?: string): ToySpec => ({
  order: ['server'],
  nodes: [{ name: 's', role: 'server', config, replicas: 3, ...(image ? { image } : {}) }],
});

describe('a canary on a real API server', () => {
  let gate: true | string = true;
  let stage: ToyStage;
  before(async () => {
    const watched = (): true | string => gate;
    stage = await ToyStage.open((name) => toyOperator({ name, canary: 1, gate: watched }));
  });
  after(() => stage[Symbol.asyncDispose]());

  async function images(name: string): Promise<readonly string[]> {
    const { items } = await stage.api.list({ group: '', kind: 'Pod' }, { namespace: stage.namespace });
    return items
      .filter(({ metadata }) => metadata.name.startsWith(`${name}-s-`))
      .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
      .map((pod) => (pod['spec'] as { containers: { image: string }[] }).containers[0]?.image ?? '');
  }

  it('changes the pod of the highest ordinal, asks the gate, then changes the others', async () => {
    await stage.want(wanted('1'), 'can');
    await stage.ready('can');
    gate = 'latency is being compared';
    await stage.want(wanted('2', 'example.org/toy:2'), 'can');
    await stage.until(
      'the gate of the canary',
      ({ conditions }) => conditions.some(({ reason }) => reason === 'GateClosed'),
      'can',
    );
    assert.deepEqual(await images('can'), ['example.org/toy:1', 'example.org/toy:1', 'example.org/toy:2']);
    gate = true;
    await stage.want(wanted('2', 'example.org/toy:2'), 'can');
    await stage.ready('can');
    assert.deepEqual(await images('can'), Array(3).fill('example.org/toy:2'));
    const set = await stage.api.get(stage.ref('StatefulSet', 'can-s', 'apps'));
    assert.ok(set);
    const { updateStrategy } = set['spec'] as { updateStrategy: { rollingUpdate?: { partition?: number } } };
    assert.equal(updateStrategy.rollingUpdate?.partition ?? 0, 0);
  });

  it('that crashes leaves the others as they were', async () => {
    gate = true;
    await stage.want(wanted('1'), 'bad');
    await stage.ready('bad');
    await stage.want(wanted('2', 'example.org/toy:crash'), 'bad');
    await stage.stalled('WorkloadFailed', 'bad');
    assert.deepEqual((await images('bad')).slice(0, 2), ['example.org/toy:1', 'example.org/toy:1']);
  });
});
