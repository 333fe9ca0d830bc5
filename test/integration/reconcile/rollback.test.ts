import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { COMMANDS, LABELS } from '../../../core/labels.ts';
import { eventually } from '../../../testing/eventually.ts';
import { UPDATES } from '../../../workflows/messages.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { toyOperator, TWO_ROLES } from '../../support/toy-operator.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';

const CRASHING: ToySpec = {
  ...TWO_ROLES,
  nodes: TWO_ROLES.nodes.map((node) =>
    node.name === 'c'
      ? { ...node, config: 'a=2', image: 'example.org/toy:crash' }
      : { ...node, config: 'b=2' },
  ),
};

interface Template {
  readonly spec: {
    readonly containers: readonly { readonly image: string }[];
    readonly volumes: readonly { readonly configMap: { readonly name: string } }[];
  };
}

describe('a rollback on a real API server', () => {
  let stage: ToyStage;
  before(async () => {
    stage = await ToyStage.open((name) => toyOperator({ name }));
  });
  after(() => stage[Symbol.asyncDispose]());

  async function template(name: string): Promise<Template> {
    const object = await stage.api.get(stage.ref('StatefulSet', name, 'apps'));
    const { template: found } = (object?.['spec'] ?? {}) as { template?: Template };
    assert.ok(found, `StatefulSet ${name} is there`);
    return found;
  }

  it('puts back pods and configuration of a crashed upgrade; the spec stays byte for byte', async () => {
    await stage.want(TWO_ROLES, 'r1');
    await stage.ready('r1');
    const good = await template('r1-c');
    await stage.want(CRASHING, 'r1');
    await stage.stalled('WorkloadFailed', 'r1');
    assert.equal((await template('r1-c')).spec.containers[0]?.image, 'example.org/toy:crash');
    const { spec } = (await stage.resource('r1')) ?? {};
    const answer = await stage.temporal((client) =>
      client.workflow
        .getHandle(stage.workflowId('r1'))
        .executeUpdate(UPDATES.rollBack, { args: [{ by: 'ann', why: 'it crashes' }] }),
    );
    assert.match(answer.message, /rolling back generation 2/);
    const { metadata } = await stage.stalled('RolledBack', 'r1');
    assert.deepEqual((await template('r1-c')).spec, good.spec);
    assert.deepEqual((await stage.resource('r1'))?.spec, spec);
    assert.match(metadata.annotations?.[COMMANDS.rollback] ?? '', /"by":"ann"/);
    const config = good.spec.volumes[0]?.configMap.name ?? '';
    const live = await stage.api.get(stage.ref('ConfigMap', config));
    assert.deepEqual(live?.['data'], { 'node.conf': 'a=1' });
  });

  it('holds though Temporal forgets everything, with no pod touched', async () => {
    await stage.want(TWO_ROLES, 'r2');
    await stage.ready('r2');
    await stage.want(CRASHING, 'r2');
    await stage.stalled('WorkloadFailed', 'r2');
    await stage.api.patch(stage.ref('Toy', 'r2', 'toy.dev'), [
      { op: 'add', path: '/metadata/annotations', value: { [COMMANDS.rollback]: '2' } },
    ]);
    const { status } = await stage.stalled('RolledBack', 'r2');
    assert.equal(status?.memory?.good?.generation, 1);
    const before = await stage.api.get(stage.ref('StatefulSet', 'r2-c', 'apps'));
    await stage.temporal((client) =>
      client.workflow.getHandle(stage.workflowId('r2')).terminate('forgotten'),
    );
    await stage.api.patch(stage.ref('Toy', 'r2', 'toy.dev'), [
      {
        op: 'replace',
        path: `/metadata/annotations/${COMMANDS.rollback.replace('/', '~1')}`,
        value: JSON.stringify({ generation: 2, by: 'bob' }),
      },
    ]);
    await eventually('a new workflow knows the rollback', async () => {
      const quarantine = (await stage.resource('r2'))?.status?.memory?.quarantine;
      const running = await stage.temporal((client) =>
        client.workflow.getHandle(stage.workflowId('r2')).describe(),
      );
      return running.status.name === 'RUNNING' && quarantine?.generation === 2;
    });
    await stage.stalled('RolledBack', 'r2');
    const after = await stage.api.get(stage.ref('StatefulSet', 'r2-c', 'apps'));
    assert.equal(after?.metadata.generation, before?.metadata.generation);
  });

  it('is Stalled with the reason where the ControllerRevision is gone, and the newest pods stay', async () => {
    await stage.want(TWO_ROLES, 'r4');
    await stage.ready('r4');
    await stage.want(CRASHING, 'r4');
    await stage.stalled('WorkloadFailed', 'r4');
    const good = (await stage.resource('r4'))?.status?.memory?.good?.revision ?? '';
    const revision = stage.ref('ControllerRevision', good, 'apps');
    const { uid = '' } = (await stage.api.get(revision))?.metadata ?? {};
    await stage.api.remove(revision, { uid });
    // A program that read it before knows it still.
    await stage.stop();
    await stage.start();
    await stage.api.patch(stage.ref('Toy', 'r4', 'toy.dev'), [
      { op: 'add', path: '/metadata/annotations', value: { [COMMANDS.rollback]: '2' } },
    ]);
    const { status } = await stage.stalled('RollbackImpossible', 'r4');
    const { message = '' } = conditionOf(status, 'Stalled') ?? {};
    assert.match(message, new RegExp(`generation 2 cannot be rolled back .*${good}.* is gone`));
    assert.equal((await template('r4-c')).spec.containers[0]?.image, 'example.org/toy:crash');
    const length = await stage.historyLength('r4');
    assert.ok(length < 300, `${length} events`);
    await stage.want(TWO_ROLES, 'r4');
    await stage.ready('r4');
  });

  it('keeps a set of objects a plan, and lets the oldest go', async () => {
    await stage.want(TWO_ROLES, 'r3');
    await stage.ready('r3');
    for (const value of ['2', '3', '4', '5', '6', '7', '8']) {
      await stage.want(
        { ...TWO_ROLES, nodes: TWO_ROLES.nodes.map((node) => ({ ...node, config: value })) },
        'r3',
      );
      await stage.ready('r3');
    }
    const { items } = await stage.api.list(
      { group: 'apps', kind: 'ControllerRevision' },
      { namespace: stage.namespace },
    );
    const kept = items.filter(({ metadata }) => metadata.ownerReferences?.some(({ name }) => name === 'r3'));
    const generations = kept.map((item) => Number(item['revision'])).sort((a, b) => a - b);
    assert.ok(generations.length <= 7, String(generations));
    assert.deepEqual(generations.slice(-2), [7, 8]);
  });

  it('lets the oldest go also of a resource that is never Ready, but for what a stage behind still runs', async () => {
    await stage.want(TWO_ROLES, 'r5');
    await stage.ready('r5');
    const first = (await stage.resource('r5'))?.status?.memory?.good?.revision ?? '';
    for (let edit = 0; edit < 16; edit++) {
      const nodes = CRASHING.nodes.map((node) => ({ ...node, config: `never ready ${edit}` }));
      await stage.want({ ...CRASHING, nodes }, 'r5');
      await stage.until('the edit is taken up', () => true, 'r5');
    }
    const { items } = await stage.api.list(
      { group: 'apps', kind: 'ControllerRevision' },
      {
        namespace: stage.namespace,
        labelSelector: `${LABELS.revisionOf}=${(await stage.resource('r5'))?.metadata.uid}`,
      },
    );
    const names = items.map(({ metadata }) => metadata.name);
    // The newest five, one that was kept after the last sweep, two that were good, and one for each stage that is behind.
    assert.ok(names.length <= 5 + 1 + 2 + TWO_ROLES.nodes.length, names.join());
    assert.ok(names.includes(first), 'the set that the stage behind still runs is kept');
  });
});
