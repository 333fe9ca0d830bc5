import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { annotateResource } from '../../../activities/annotate-resource.ts';
import type { Edit } from '../../../core/commands/edit.ts';
import { ordersOf } from '../../../core/commands/orders.ts';
import { rolesToRestart } from '../../../core/commands/restart.ts';
import { COMMANDS } from '../../../core/labels.ts';
import type { Manifest } from '../../../core/manifest.ts';
import { eventually } from '../../../testing/eventually.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { TWO_ROLES } from '../../support/toy-operator.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';

function configured(config: string, image?: string): ToySpec {
  return {
    ...TWO_ROLES,
    nodes: TWO_ROLES.nodes.map((node) => ({ ...node, config, ...(image ? { image } : {}) })),
  };
}

describe('the life of a resource', () => {
  let stage: ToyStage;
  before(async () => {
    stage = await ToyStage.open();
  });
  after(() => stage[Symbol.asyncDispose]());

  function statefulSets(name: string): Promise<(Manifest | undefined)[]> {
    return Promise.all(
      ['c', 'b'].map((node) => stage.api.get(stage.ref('StatefulSet', `${name}-${node}`, 'apps'))),
    );
  }

  async function pods(name: string): Promise<readonly (string | undefined)[]> {
    const { items } = await stage.api.list({ group: '', kind: 'Pod' }, { namespace: stage.namespace });
    return items.filter((pod) => pod.metadata.name.startsWith(name)).map((pod) => pod.metadata.uid);
  }

  it('goes on where it was when the program stops in the middle of an upgrade', async () => {
    await stage.want(TWO_ROLES, 'stopped');
    await stage.ready('stopped');
    await stage.want(configured('2', 'example.org/toy:slow-4000'), 'stopped');
    await eventually(
      'the first stage rolls',
      async () => (await statefulSets('stopped'))[0]?.metadata.generation === 2,
    );
    await stage.stop();
    const [, broker] = await statefulSets('stopped');
    assert.equal(broker?.metadata.generation, 1);
    await stage.start();
    const { status } = await stage.ready('stopped');
    assert.deepEqual(
      status?.rollout?.stages.map(({ state }) => state),
      ['Done', 'Done'],
    );
    assert.deepEqual(
      (await statefulSets('stopped')).map((each) => each?.metadata.generation),
      [2, 2],
    );
  });

  it('is remembered by the cluster: with its workflow terminated nothing restarts, and what is unwanted still goes', async () => {
    await stage.want(TWO_ROLES, 'wiped');
    await stage.ready('wiped');
    const running = await pods('wiped');
    const generations = (await statefulSets('wiped')).map((each) => each?.metadata.generation);
    await stage.temporal((client) =>
      client.workflow.getHandle(stage.workflowId('wiped')).terminate('a test of memory'),
    );
    const [controller] = TWO_ROLES.nodes;
    assert.ok(controller);
    await stage.want(
      { ...TWO_ROLES, nodes: [...TWO_ROLES.nodes, { ...controller, name: 'd', role: 'broker' }] },
      'wiped',
    );
    await stage.ready('wiped');
    const kept = (await pods('wiped')).filter((uid) => running.includes(uid));
    assert.deepEqual(kept.toSorted(), running.toSorted());
    assert.deepEqual(
      (await statefulSets('wiped')).map((each) => each?.metadata.generation),
      generations,
    );
    await stage.temporal((client) =>
      client.workflow.getHandle(stage.workflowId('wiped')).terminate('a test of memory'),
    );
    await stage.want(TWO_ROLES, 'wiped');
    await eventually(
      'the unwanted workload is gone',
      async () => (await stage.api.get(stage.ref('StatefulSet', 'wiped-d', 'apps'))) === undefined,
    );
    await stage.ready('wiped');
  });

  it('ends in the reverse of its order, each stage gone before the next, and leaves claims and no workflow', async () => {
    const kept = { ...TWO_ROLES, nodes: TWO_ROLES.nodes.map((node) => ({ ...node, storage: '1Gi' })) };
    await stage.want(kept, 'ended');
    const { metadata } = await stage.ready('ended');
    await stage.api.remove(stage.ref('Toy', 'ended', 'toy.dev'), { uid: metadata.uid ?? '' });
    await eventually('the resource is gone', async () => {
      const [controller, broker] = await statefulSets('ended');
      if (controller?.metadata.deletionTimestamp) assert.equal(broker, undefined, 'the broker goes first');
      return (await stage.resource('ended')) === undefined;
    });
    assert.deepEqual(await statefulSets('ended'), [undefined, undefined]);
    assert.deepEqual(await stage.versionsOf('ended-c-config'), []);
    assert.ok(await stage.api.get(stage.ref('PersistentVolumeClaim', 'data-ended-c-0')));
    await stage.temporal((client) => client.workflow.getHandle(stage.workflowId('ended')).result());
  });

  it('begins anew when a resource is deleted and made again at once under its name', async () => {
    await stage.want(TWO_ROLES, 'again');
    const { metadata } = await stage.ready('again');
    await stage.stop();
    await stage.api.patch(stage.ref('Toy', 'again', 'toy.dev'), [
      { op: 'remove', path: '/metadata/finalizers' },
    ]);
    await stage.api.remove(stage.ref('Toy', 'again', 'toy.dev'), { uid: metadata.uid ?? '' });
    await eventually('it is gone', async () => (await stage.resource('again')) === undefined);
    await stage.want(configured('2'), 'again');
    await stage.start();
    const { metadata: second } = await stage.ready('again');
    assert.notEqual(second.uid, metadata.uid);
    await eventually('all objects are of the new one', async () =>
      (await statefulSets('again')).every((each) => each?.metadata.ownerReferences?.[0]?.uid === second.uid),
    );
  });

  it('keeps every command of one moment, whoever writes it and while its status is written', async () => {
    await stage.want(TWO_ROLES, 'asked');
    const { metadata } = await stage.ready('asked');
    const resource = {
      ...stage.ref(stage.operator.resource.kind, 'asked', 'toy.dev'),
      version: 'v1',
      plural: 'toys',
    };
    const now = Date.now();
    const give = (edit: Edit): Promise<void> =>
      annotateResource(stage, resource, metadata.uid ?? '', edit, now);
    const people = ['ann', 'bob', 'cid', 'dan', 'eve', 'fay'];
    const tokens = ['00000001', '00000002', '00000003', '00000004'];
    const at = '2026-01-01T00:00:00Z';
    await Promise.all([
      ...people.map((by) => give({ kind: 'pause', pause: { scope: 'rollouts', by } })),
      ...tokens.map((token) => give({ kind: 'approve', approvals: [{ token }], spent: [] })),
      ...['a', 'b'].map((role) => give({ kind: 'restart', restart: { at, roles: [role] }, done: {} })),
    ]);
    const { annotations = {} } = (await stage.resource('asked'))?.metadata ?? {};
    const { pauses = [], approvals = [] } = ordersOf(annotations);
    assert.deepEqual(pauses.map(({ by }) => by).toSorted(), people);
    assert.deepEqual(approvals.map(({ token }) => token).toSorted(), tokens);
    assert.deepEqual(rolesToRestart(annotations[COMMANDS.restartedAt]).toSorted(), ['a', 'b']);
    await stage.until(
      'Paused',
      ({ conditions }) => conditions.some(({ type }) => type === 'Paused'),
      'asked',
    );
  });

  it('is left alone while it is to be ignored', async () => {
    await stage.want(TWO_ROLES, 'ignored');
    await stage.ready('ignored');
    const ignore = (value: string): Promise<unknown> =>
      stage.api.apply(
        {
          apiVersion: 'toy.dev/v1',
          kind: 'Toy',
          metadata: {
            name: 'ignored',
            namespace: stage.namespace,
            annotations: { 'durable-operator.dev/ignore': value },
          },
        },
        { fieldManager: 'somebody' },
      );
    await ignore('true');
    await stage.want(configured('2'), 'ignored');
    await stage.want(TWO_ROLES, 'witness');
    await stage.ready('witness');
    assert.deepEqual(
      (await statefulSets('ignored')).map((each) => each?.metadata.generation),
      [1, 1],
    );
    await ignore('false');
    await stage.ready('ignored');
    assert.deepEqual(
      (await statefulSets('ignored')).map((each) => each?.metadata.generation),
      [2, 2],
    );
  });

  it('tells what it waits for while a pod is not ready', async () => {
    await stage.want(configured('1', 'example.org/toy:never-ready'), 'waiting');
    const { status } = await stage.until(
      'it waits',
      ({ conditions }) => conditions.some(({ message }) => message.includes('0 of 1')),
      'waiting',
    );
    assert.match(conditionOf(status, 'Ready')?.message ?? '', /StatefulSet waiting-[bc]: .*0 of 1/);
  });
});
