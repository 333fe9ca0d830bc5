import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { COMMANDS } from '../../../core/labels.ts';
import { eventually } from '../../../testing/eventually.ts';
import { Death, mortal } from '../../support/mortal-api.ts';
import { ReshapeStage } from '../../support/reshape-stage.ts';
import { sized, StorageView } from '../../support/storage-view.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';

/** Of the changes that recreating makes: the finalizer, the journal, then the deletion. */
const DELETION = 3;

describe('what cannot be changed in place', () => {
  let stage: ToyStage;
  let view: StorageView;
  before(async () => {
    stage = await ToyStage.open();
    view = new StorageView(stage);
  });
  after(() => stage[Symbol.asyncDispose]());

  it('is changed around the pods: serviceName and podManagementPolicy', async () => {
    await stage.want(sized('1Gi'), 'fields');
    await stage.ready('fields');
    const running = await view.pods('fields');
    const more = { serviceName: 'others', podManagementPolicy: 'Parallel' } as const;
    await stage.want(sized('1Gi', { more }), 'fields');
    await stage.ready('fields');
    assert.deepEqual(await view.pods('fields'), running);
    const { serviceName, podManagementPolicy } = Object((await view.statefulSet('fields-b'))?.['spec']);
    assert.deepEqual({ serviceName, podManagementPolicy }, more);
  });

  it('is not begun when the server would refuse the outcome', async () => {
    await stage.want(sized('1Gi'), 'refused');
    await stage.ready('refused');
    const before = await view.statefulSet('refused-b');
    await stage.want(sized('1Gi', { more: { serviceName: 'Not A Name' } }), 'refused');
    const { status } = await stage.stalled('Invalid', 'refused');
    assert.match(conditionOf(status, 'Stalled')?.message ?? '', /refused-b: .*serviceName/);
    assert.equal((await view.statefulSet('refused-b'))?.metadata.uid, before?.metadata.uid);
    await stage.want(sized('1Gi'), 'refused');
    await stage.ready('refused');
  });

  it('is not begun with a quantity that is none, which is told with its field', async () => {
    await stage.want(sized('1Gi'), 'quantity');
    await stage.ready('quantity');
    const before = await view.statefulSet('quantity-b');
    const resources = { limits: { memory: '1GB' } };
    const template = { spec: { containers: [{ name: 'main', image: 'example.org/toy:1', resources }] } };
    await stage.want(sized('1Gi', { more: { serviceName: 'others', template } }), 'quantity');
    const { status } = await stage.stalled('Invalid', 'quantity');
    assert.match(
      conditionOf(status, 'Stalled')?.message ?? '',
      /StatefulSet quantity-b: spec\.template\.spec\.containers\[0\]\.resources\.limits\.memory: quantities must match/,
    );
    assert.equal((await view.statefulSet('quantity-b'))?.metadata.uid, before?.metadata.uid);
  });

  it('needs approval where data would be left behind: a claim template that goes', async () => {
    await stage.want(sized('1Gi'), 'lost');
    await stage.ready('lost');
    const before = await view.statefulSet('lost-b');
    await stage.want(sized('1Gi', { more: { volumeClaimTemplates: [] } }), 'lost');
    const { status } = await stage.stalled('ApprovalRequired', 'lost');
    assert.match(conditionOf(status, 'Stalled')?.message ?? '', /volumeClaimTemplates data would go/);
    assert.equal((await view.statefulSet('lost-b'))?.metadata.uid, before?.metadata.uid);
    const [, token] = /approve=([0-9a-f]{8})/.exec(conditionOf(status, 'Stalled')?.message ?? '') ?? [];
    await stage.api.patch(stage.ref('Toy', 'lost', 'toy.dev'), [
      { op: 'add', path: '/metadata/annotations', value: { [COMMANDS.approve]: token ?? '' } },
    ]);
    await stage.ready('lost');
    const after = await view.statefulSet('lost-b');
    assert.equal(Object(after?.['spec']).volumeClaimTemplates, undefined);
  });

  /** Ready, then without program and workflow, its StatefulSet deleted and its pods running. */
  async function interrupted(name: string, then: ToySpec): Promise<readonly string[]> {
    await stage.start();
    await stage.want(sized('1Gi'), name);
    await stage.ready(name);
    await stage.stop();
    const running = await view.pods(name);
    await stage.want(then, name);
    const worker = mortal(stage.api, { at: DELETION, when: 'after' });
    await new ReshapeStage(stage, name, 'b').run(worker.api).catch((error: unknown) => {
      assert.ok(error instanceof Death, String(error));
    });
    await eventually('the StatefulSet is gone', async () => !(await view.statefulSet(`${name}-b`)));
    assert.deepEqual(await view.pods(name), running);
    await stage.temporal((client) =>
      client.workflow.getHandle(stage.workflowId(name)).terminate('a test of memory'),
    );
    return running;
  }

  it('is finished also when the workflow that began it is lost, and the pods stay', async () => {
    await stage.stop();
    const running = await interrupted('wiped', sized('1Gi', { more: { serviceName: 'others' } }));
    await stage.start();
    await stage.ready('wiped');
    assert.deepEqual(await view.pods('wiped'), running);
    assert.equal(await stage.api.get(stage.ref('ConfigMap', 'wiped-b.recreation')), undefined);
  });

  it('is put back as it was when the resource cannot be built any more', async () => {
    await stage.stop();
    const running = await interrupted('broken', sized('1Gi', { more: { serviceName: 'others' } }));
    await stage.want({ order: [], nodes: [{ name: 'b', role: 'unknown', config: '' }] }, 'broken');
    await stage.start();
    await stage.stalled('PlanInvalid', 'broken');
    await eventually('the StatefulSet is back', () => view.statefulSet('broken-b'));
    assert.deepEqual(await view.pods('broken'), running);
  });

  it('leaves no pod behind when the resource is deleted in the middle', async () => {
    await stage.stop();
    await interrupted('gone', sized('1Gi', { more: { serviceName: 'others' } }));
    const uid = (await stage.resource('gone'))?.metadata.uid ?? '';
    await stage.api.remove(stage.ref('Toy', 'gone', 'toy.dev'), { uid });
    await stage.start();
    await eventually('the pods are gone', async () => (await view.pods('gone')).length === 0);
  });

  it('leaves no pod behind when the workload is no longer desired in the middle', async () => {
    await stage.stop();
    await interrupted('pruned', sized('1Gi', { more: { serviceName: 'others' } }));
    await stage.want({ order: [], nodes: [{ name: 'c', role: 'controller', config: '1' }] }, 'pruned');
    await stage.start();
    await stage.ready('pruned');
    await eventually(
      'only the pod of the other workload runs',
      async () => (await view.pods('pruned')).length === 1,
    );
  });
});
