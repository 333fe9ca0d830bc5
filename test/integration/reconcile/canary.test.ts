import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ResourceStatus } from '../../../core/status/resource-status.ts';
import { eventually } from '../../../testing/eventually.ts';
import { forget } from '../../support/interruptions.ts';
import { toyOperator } from '../../support/toy-operator.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { ToyStage } from '../../support/toy-stage.ts';

interface Shown {
  readonly replicas?: number;
  readonly updateStrategy?: { readonly rollingUpdate?: { readonly partition?: number } };
}

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

  it('whose workflow is forgotten by Temporal still waits for its gate, and then changes the others', async () => {
    gate = true;
    await stage.want(wanted('1'), 'lost');
    await stage.ready('lost');
    gate = 'latency is being compared';
    await stage.want(wanted('2', 'example.org/toy:2'), 'lost');
    const isAsked = ({ conditions }: ResourceStatus): boolean =>
      conditions.some(({ reason }) => reason === 'GateClosed');
    const { metadata } = await stage.until('the gate of the canary', isAsked, 'lost');
    const few = ['example.org/toy:1', 'example.org/toy:1', 'example.org/toy:2'];
    await stage.temporal((client) => forget(client, stage.workflowId('lost')));
    gate = 'latency is being compared again';
    await stage.retry('lost', 'after the loss');
    await stage.until(
      'the gate is asked by another workflow',
      ({ conditions }) => conditions.some(({ message }) => message.includes('compared again')),
      'lost',
    );
    assert.deepEqual(await images('lost'), few);
    gate = true;
    await stage.retry('lost', 'open');
    await stage.ready('lost');
    assert.deepEqual(await images('lost'), Array(3).fill('example.org/toy:2'));
    assert.equal((await stage.resource('lost'))?.metadata.generation, metadata.generation);
  });

  it('keeps its size when an autoscaler grows the workload while its gate is closed', async () => {
    gate = true;
    await stage.want(wanted('1'), 'grown');
    await stage.ready('grown');
    gate = 'latency is being compared';
    await stage.want(wanted('2', 'example.org/toy:2'), 'grown');
    const isAsked = ({ conditions }: ResourceStatus): boolean =>
      conditions.some(({ reason }) => reason === 'GateClosed');
    await stage.until('the gate of the canary', isAsked, 'grown');
    const set = stage.ref('StatefulSet', 'grown-s', 'apps');
    const shown = async (): Promise<string> => {
      const { spec } = (await stage.api.get(set)) as { spec?: Shown } & object;
      return `${spec?.replicas}/${spec?.updateStrategy?.rollingUpdate?.partition ?? 0}`;
    };
    assert.equal(await shown(), '3/2');
    await stage.api.apply(
      {
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: { name: 'grown', namespace: stage.namespace },
        spec: {
          minReplicas: 6,
          maxReplicas: 9,
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'grown-s' },
        },
      },
      { fieldManager: 'kubectl' },
    );
    await eventually('the partition follows the replicas', async () => (await shown()) === '6/5');
    await eventually('six pods are there', async () => (await images('grown')).length === 6);
    assert.deepEqual((await images('grown')).slice(0, 2), Array(2).fill('example.org/toy:1'));
    gate = true;
    await stage.retry('grown', 'open');
    await stage.ready('grown');
    assert.deepEqual(await images('grown'), Array(6).fill('example.org/toy:2'));
    assert.equal(await shown(), '6/0');
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
