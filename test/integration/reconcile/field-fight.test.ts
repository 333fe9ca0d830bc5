import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { watchKind } from '../../../kubernetes/watcher.ts';
import { eventually } from '../../../testing/eventually.ts';
import { TWO_ROLES } from '../../support/toy-operator.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';

describe('another controller that wants a field otherwise', () => {
  let stage: ToyStage;
  before(async () => {
    stage = await ToyStage.open();
  });
  after(() => stage[Symbol.asyncDispose]());

  it('is named in a condition, and the two do not write for ever', async () => {
    await stage.want(TWO_ROLES, 'fought');
    await stage.ready('fought');
    let writes = 0;
    const name = 'fought-b';
    const rival = watchKind(stage.api, {
      kind: { group: '', kind: 'Service' },
      namespace: stage.namespace,
      trim: (object) => ({ name: object.metadata.name, spec: JSON.stringify(object['spec']) }),
      onChange: ({ object }) => {
        if (object.name !== name || object.spec.includes('mine')) return;
        writes++;
        const metadata = { name, namespace: stage.namespace };
        const manifest = { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: { is: 'mine' } } };
        void stage.api.apply(manifest, { fieldManager: 'rival' });
      },
      onHandlerError: (error) => assert.fail(String(error)),
    });
    try {
      const { status } = await stage.stalled('FieldFight', 'fought');
      const stalled = conditionOf(status, 'Stalled');
      assert.match(stalled?.message ?? '', /^Service fought-b: rival changes again and again/);
      assert.equal(conditionOf(status, 'Ready')?.status, 'False');
      const fought = writes;
      await stage.want(TWO_ROLES, 'witness');
      await stage.ready('witness');
      assert.equal(writes, fought, 'it has come to rest');
      assert.ok(fought < 12, `${fought} writes`);
    } finally {
      await rival.stop();
    }
    await eventually('the fight is told as an event', async () =>
      (await stage.events()).some(({ reason, note }) => reason === 'FieldFight' && note.includes('rival')),
    );
    await stage.want(
      { ...TWO_ROLES, nodes: TWO_ROLES.nodes.map((node) => ({ ...node, config: 'new' })) },
      'fought',
    );
    await stage.ready('fought');
  });
});
