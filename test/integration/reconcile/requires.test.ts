import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../../../testing/eventually.ts';
import { freshNamespace } from '../../support/sandbox.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { TWO_ROLES } from '../../support/toy-operator.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';

/** Two nodes, of which the broker requires another toy. */
function requiring(name: string, namespace?: string): ToySpec {
  const other = { name, ...(namespace ? { namespace } : {}) };
  const nodes = TWO_ROLES.nodes.map((node) => (node.name === 'b' ? { ...node, requires: [other] } : node));
  return { ...TWO_ROLES, nodes };
}

describe('what an object requires', () => {
  let stage: ToyStage;
  /** Where nobody looks after toys: their status says what a test writes. */
  let abroad: string;
  before(async () => {
    stage = await ToyStage.open();
    abroad = await freshNamespace(stage.sandbox, 'abroad');
  });
  after(() => stage[Symbol.asyncDispose]());

  const statefulSet = (name: string): Promise<unknown> =>
    stage.api.get(stage.ref('StatefulSet', name, 'apps'));

  async function foreign(name: string, ready?: 'True' | 'False'): Promise<string> {
    const header = { apiVersion: 'toy.dev/v1', kind: 'Toy', metadata: { name, namespace: abroad } };
    const { object } = await stage.api.apply({ ...header, spec: {} }, { fieldManager: 'somebody' });
    const conditions = [{ type: 'Ready', status: ready, reason: 'Test', message: 'tables are loaded' }];
    if (ready)
      await stage.api.apply(
        { ...header, status: { conditions } },
        { fieldManager: 'somebody', subresource: 'status' },
      );
    return object.metadata.uid ?? '';
  }

  const waits = (name: string): ReturnType<ToyStage['until']> =>
    stage.until(
      `${name} waits`,
      (status) => conditionOf(status, 'Ready')?.reason === 'DependencyNotReady',
      name,
    );

  it('is awaited, and named; the rest goes on; it goes on by itself when that is Ready', async () => {
    await stage.want(requiring('first'), 'second');
    const { status } = await waits('second');
    const message = conditionOf(status, 'Ready')?.message ?? '';
    assert.match(
      message,
      /^StatefulSet second-b: waits since \d{4}-\S+Z for Toy first, which does not exist/,
    );
    assert.deepEqual(status?.references, [{ object: 'Toy.toy.dev/first', seen: 'NotFound' }]);
    await eventually('the rest', () => statefulSet('second-c'));
    assert.equal(await statefulSet('second-b'), undefined);
    await stage.want(TWO_ROLES, 'first');
    const { status: then } = await stage.ready('second');
    assert.equal(then?.references, undefined);
    assert.ok(await statefulSet('second-b'));
    const told = (await stage.events()).filter(({ reason }) => reason === 'DependencyNotReady');
    assert.deepEqual(
      told.map(({ regarding }) => regarding.name),
      ['second'],
    );
  });

  it('may live in another namespace; only who waits for it is woken, with no timer', async () => {
    await foreign('mine');
    await foreign('other');
    await stage.want(requiring('mine', abroad), 'waiter');
    await stage.want(requiring('other', abroad), 'bystander');
    await waits('waiter');
    await eventually('what needs nothing', async () => {
      const { status } = await waits('bystander');
      return status?.ready === '1/2';
    });
    const before = await atRest('bystander');
    await foreign('mine', 'True');
    await stage.ready('waiter');
    assert.equal(await stage.historyLength('bystander'), before);
    await foreign('mine', 'False');
    await foreign('other', 'False');
    assert.equal(await statefulSet('bystander-b'), undefined);
    await foreign('other', 'True');
    await stage.ready('bystander');
  });

  it('is found ready by a bridge that starts later, and needed no more by what is there', async () => {
    const uid = await foreign('late');
    await stage.want(requiring('late', abroad), 'patient');
    await waits('patient');
    await stage.stop();
    await foreign('late', 'True');
    await stage.start();
    await stage.ready('patient');
    const before = await atRest('patient');
    await stage.api.remove({ group: 'toy.dev', kind: 'Toy', name: 'late', namespace: abroad }, { uid });
    await stage.want(TWO_ROLES, 'witness');
    await stage.ready('witness');
    assert.equal(await stage.historyLength('patient'), before);
    assert.ok(await statefulSet('patient-b'));
  });

  /** The length of its history, once two answers in a row are the same. */
  async function atRest(name: string): Promise<number> {
    let last = -1;
    return eventually(`${name} at rest`, async () => {
      const now = await stage.temporal(async (client) => {
        const { raw, historyLength } = await client.workflow.getHandle(stage.workflowId(name)).describe();
        return raw.pendingWorkflowTask ? -1 : historyLength;
      });
      const same = now === last && now > 0 ? now : undefined;
      last = now;
      return same;
    });
  }

  it('is refused where it requires the resource in turn, with the way round', async () => {
    await stage.want(requiring('about'), 'round');
    await waits('round');
    await stage.want(requiring('round'), 'about');
    const { status } = await stage.stalled('DependencyCircle', 'about');
    assert.match(
      conditionOf(status, 'Ready')?.message ?? '',
      /^StatefulSet about-b: waits for this resource: Toy about requires Toy round requires Toy about; remove one/,
    );
    await stage.want(TWO_ROLES, 'about');
    await Promise.all([stage.ready('about'), stage.ready('round')]);
  });

  it('is not the resource itself', async () => {
    await stage.want(requiring('narcissus'), 'narcissus');
    const { status } = await stage.stalled('PlanInvalid', 'narcissus');
    assert.match(
      conditionOf(status, 'Ready')?.message ?? '',
      /requires Toy.toy.dev\/narcissus, its own resource/,
    );
  });
});
