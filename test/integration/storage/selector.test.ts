import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { COMMANDS } from '../../../core/labels.ts';
import { selectorOf } from '../../../core/storage/shape.ts';
import { UPDATES } from '../../../workflows/messages.ts';
import { eventually } from '../../../testing/eventually.ts';
import { foreignPods, leaveForeign } from '../../support/foreign-workload.ts';
import { Death, mortal } from '../../support/mortal-api.ts';
import { ReshapeStage } from '../../support/reshape-stage.ts';
import { sized, StorageView } from '../../support/storage-view.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { toyOperator } from '../../support/toy-operator.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';

const MOST_CHANGES = 14;

describe('a workload whose selector would change', () => {
  const asked: string[] = [];
  let stage: ToyStage;
  let view: StorageView;
  before(async () => {
    stage = await ToyStage.open((name) =>
      toyOperator({
        name,
        gate: function loaded({ object }) {
          if (object) asked.push(object.name);
          return true;
        },
      }),
    );
    view = new StorageView(stage);
  });
  after(() => stage[Symbol.asyncDispose]());

  async function approve(name: string): Promise<void> {
    const { status } = await stage.stalled('ApprovalRequired', name);
    const [, token = ''] = /approve=([0-9a-f]{8})/.exec(conditionOf(status, 'Stalled')?.message ?? '') ?? [];
    await stage.api.apply(
      {
        apiVersion: 'toy.dev/v1',
        kind: 'Toy',
        metadata: { name, namespace: stage.namespace, annotations: { [COMMANDS.approve]: token } },
      },
      { fieldManager: 'approver' },
    );
  }

  async function uidsOfClaims(name: string): Promise<readonly (string | undefined)[]> {
    const { items } = await stage.api.list(
      { group: '', kind: 'PersistentVolumeClaim' },
      { namespace: stage.namespace },
    );
    const mine = items.filter(({ metadata }) => metadata.name.startsWith(`data-${name}-`));
    return mine.map(({ metadata }) => metadata.uid).sort();
  }

  it('is left as it is, and the condition names the field and what to do', async () => {
    const pods = await leaveForeign(stage, 'StatefulSet', 'kept-b');
    await stage.want(sized('1Gi'), 'kept');
    const { status } = await stage.stalled('ApprovalRequired', 'kept');
    assert.match(
      conditionOf(status, 'Stalled')?.message ?? '',
      /StatefulSet kept-b: spec\.selector would change from app=left-behind,of=kept-b to .*; undo it, or durable-operator\.dev\/approve=[0-9a-f]{8} on the resource approves it/,
    );
    assert.equal(status?.rollout?.pendingApprovals?.[0]?.stage, 'StatefulSet kept-b');
    assert.deepEqual(await foreignPods(stage, 'kept-b'), pods);
  });

  it('is replaced with all its pods and keeps its claims, when somebody approves it by name', async () => {
    await leaveForeign(stage, 'StatefulSet', 'rep-b');
    const claims = await uidsOfClaims('rep-b');
    await stage.want(sized('1Gi'), 'rep');
    await stage.stalled('ApprovalRequired', 'rep');
    const command = (args: object): Promise<unknown> =>
      stage.temporal((client) =>
        client.workflow.getHandle(stage.workflowId('rep')).executeUpdate(UPDATES.approve, { args: [args] }),
      );
    await assert.rejects(command({ by: 'ann' }), (error: Error) =>
      /StatefulSet rep-b/.test(String(error.cause)),
    );
    await command({ by: 'ann', stage: 'StatefulSet rep-b' });
    await stage.ready('rep');
    assert.deepEqual(await foreignPods(stage, 'rep-b'), []);
    assert.equal((await view.pods('rep')).length, 2);
    assert.equal(claims.length, 2);
    assert.deepEqual(await uidsOfClaims('rep-b'), claims);
    assert.ok(asked.includes('rep-b'), 'its gate was asked');
    assert.equal(await stage.api.get(stage.ref('ConfigMap', 'rep-b.recreation')), undefined);
    const notes = (await stage.events()).map(({ note }) => note);
    assert.ok(notes.includes('StatefulSet rep-b is replaced, claims data 1Gi; its former pods are gone'));
  });

  it('loses its own pods alone: those that its selector matches and others have stay', async () => {
    const labels = { app: 'left-behind', of: 'mix-b' };
    await leaveForeign(stage, 'StatefulSet', 'mix-b');
    const template = {
      metadata: { labels },
      spec: { containers: [{ name: 'main', image: 'example.org/a:1' }] },
    };
    const metadata = { name: 'mix-bare', namespace: stage.namespace, labels };
    await stage.api.create({ apiVersion: 'v1', kind: 'Pod', metadata, spec: template.spec });
    await stage.api.create({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'mix-other', namespace: stage.namespace },
      spec: { replicas: 2, serviceName: 'mix-other', selector: { matchLabels: labels }, template },
    });
    const others = await eventually('the pods of the others are there', async () => {
      const all = await foreignPods(stage, 'mix-b');
      return all.length === 5
        ? all.filter(({ metadata: { name } }) => !name.startsWith('mix-b-'))
        : undefined;
    });
    await stage.want(sized('1Gi'), 'mix');
    const { status } = await stage.stalled('ApprovalRequired', 'mix');
    assert.match(conditionOf(status, 'Stalled')?.message ?? '', /all its 2 pods would be replaced at once/);
    await approve('mix');
    await stage.ready('mix');
    const left = await foreignPods(stage, 'mix-b');
    const named = (pods: typeof left): readonly string[] =>
      pods.map(({ metadata: { name, uid } }) => `${name} ${uid}`).sort();
    assert.deepEqual(named(left), named(others));
    assert.ok(left.every(({ metadata: { deletionTimestamp } }) => deletionTimestamp === undefined));
    assert.ok(
      (await stage.events()).some(
        ({ note }) =>
          note === 'StatefulSet mix-b is replaced together with its 2 pods, since its selector changes',
      ),
    );
  });

  it('is replaced only when the stages before it are Current', async () => {
    const both = (image?: string): ToySpec => ({
      order: ['controller', 'broker'],
      nodes: [
        { name: 'c', role: 'controller', config: '1', ...(image ? { image } : {}) },
        ...sized('1Gi').nodes,
      ],
    });
    const pods = await leaveForeign(stage, 'StatefulSet', 'turn-b');
    await stage.want(both('example.org/toy:crash'), 'turn');
    await approve('turn');
    await stage.stalled('WorkloadFailed', 'turn');
    assert.deepEqual(
      (await foreignPods(stage, 'turn-b')).map(({ metadata }) => metadata.uid),
      pods.map(({ metadata }) => metadata.uid),
    );
    await stage.want(both(), 'turn');
    // Another plan needs another approval.
    await approve('turn');
    await stage.ready('turn');
    assert.deepEqual(await foreignPods(stage, 'turn-b'), []);
  });

  it('ends replaced also when the workflow that began it is lost', async () => {
    await leaveForeign(stage, 'StatefulSet', 'lost-b');
    await stage.want(sized('1Gi'), 'lost');
    await stage.stalled('ApprovalRequired', 'lost');
    await stage.stop();
    await stage.temporal((client) =>
      client.workflow.getHandle(stage.workflowId('lost')).terminate('a test of memory'),
    );
    const reshaping = await wanted('lost');
    await reshaping.run(mortal(stage.api, { at: 4, when: 'before' }).api).catch((error: unknown) => {
      assert.ok(error instanceof Death, String(error));
    });
    await eventually('the StatefulSet is gone', async () => !(await reshaping.live()));
    await stage.start();
    await stage.ready('lost');
    assert.deepEqual(await foreignPods(stage, 'lost-b'), []);
    assert.equal((await view.pods('lost')).length, 2);
  });

  /** Wanted and approved, with no program to do it. */
  async function wanted(name: string): Promise<ReshapeStage> {
    await stage.want(sized('1Gi'), name);
    const reshaping = new ReshapeStage(stage, name, 'b');
    const answer = await reshaping.run(stage.api);
    assert.ok(answer.kind === 'refuse' && answer.token);
    const annotations = { [COMMANDS.approve]: answer.token };
    await stage.api.patch(stage.ref('Toy', name, 'toy.dev'), [
      { op: 'add', path: '/metadata/annotations', value: annotations },
    ]);
    return reshaping;
  }

  for (const when of ['before', 'after'] as const)
    it(`has the same end when its worker dies just ${when} any of its changes: no former pod, the same claims`, async () => {
      await stage.stop();
      let deaths = 0;
      for (let at = 1; at <= MOST_CHANGES; at++) {
        const name = `dead-${when}-${at}`;
        await leaveForeign(stage, 'StatefulSet', `${name}-b`);
        const claims = await uidsOfClaims(`${name}-b`);
        const reshaping = await wanted(name);
        const worker = mortal(stage.api, { at, when });
        await reshaping.run(worker.api).catch((error: unknown) => {
          assert.ok(error instanceof Death || String(error).includes('Death'), String(error));
        });
        assert.equal((await reshaping.run(stage.api)).kind, 'done', `dead at change ${at}`);
        assert.deepEqual(await foreignPods(stage, `${name}-b`), [], `pods, dead at change ${at}`);
        assert.deepEqual(await uidsOfClaims(`${name}-b`), claims, `claims, dead at change ${at}`);
        const live = await reshaping.live();
        assert.ok(live && !selectorOf(live).includes('left-behind'), `selector, dead at change ${at}`);
        assert.equal(await stage.api.get(stage.ref('ConfigMap', `${name}-b.recreation`)), undefined);
        if (!worker.died) break;
        deaths++;
      }
      assert.ok(deaths >= 6 && deaths < MOST_CHANGES, `it died ${deaths} times`);
    });
});
