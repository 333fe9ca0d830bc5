import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../../../testing/eventually.ts';
import { refuseByPolicy, Webhook } from '../../support/admission.ts';
import { TWO_ROLES } from '../../support/toy-operator.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';

const THREE_NODES = { ...TWO_ROLES, nodes: [...TWO_ROLES.nodes, { name: 'x', role: 'broker', config: '1' }] };

describe('admission that refuses', { concurrency: true }, () => {
  let stage: ToyStage;
  let webhook: Webhook;
  before(async () => {
    stage = await ToyStage.open();
    webhook = await Webhook.serve(stage);
  });
  after(async () => {
    await webhook[Symbol.asyncDispose]();
    await stage[Symbol.asyncDispose]();
  });

  function statefulSet(name: string): Promise<unknown> {
    return stage.api.get(stage.ref('StatefulSet', name, 'apps'));
  }

  it('an apply is told with object and message, holds up what needs it alone, and heals when it is lifted', async () => {
    const lift = await refuseByPolicy(stage, 'applied-b', 'CREATE', 'ports below 1024 are for the house');
    await stage.want(TWO_ROLES, 'applied');
    const { status } = await stage.stalled('Invalid', 'applied');
    assert.match(
      conditionOf(status, 'Stalled')?.message ?? '',
      /^Service applied-b: .*ValidatingAdmissionPolicy '.*' with binding '.*' denied request: ports below 1024 are for the house/,
    );
    await eventually('what does not need it goes on', () => statefulSet('applied-c'));
    assert.equal(await statefulSet('applied-b'), undefined, 'what needs it waits');
    await lift();
    await stage.ready('applied');
  });

  it('a delete is told with object and message, holds up no other, and heals when it is lifted', async () => {
    await stage.want(THREE_NODES, 'kept');
    await stage.ready('kept');
    const lift = await refuseByPolicy(stage, 'kept-x', 'DELETE', 'ask the house first');
    await stage.want(TWO_ROLES, 'kept');
    const { status } = await stage.stalled('Invalid', 'kept');
    assert.match(
      conditionOf(status, 'Stalled')?.message ?? '',
      /^Service kept-x: cannot be deleted: .*denied request: ask the house first/,
    );
    await eventually('the other objects go', async () => (await statefulSet('kept-x')) === undefined);
    await lift();
    await stage.ready('kept');
    assert.equal(await stage.api.get(stage.ref('Service', 'kept-x')), undefined);
  });

  it('a delete in a teardown is told so, lets go of nothing meanwhile, and ends when it is lifted', async () => {
    await stage.want(TWO_ROLES, 'ended');
    const { metadata } = await stage.ready('ended');
    const lift = await refuseByPolicy(stage, 'ended-b', 'DELETE', 'ask the house first');
    await stage.api.remove(stage.ref('Toy', 'ended', 'toy.dev'), { uid: metadata.uid ?? '' });
    const { status } = await stage.stalled('Invalid', 'ended');
    assert.match(
      conditionOf(status, 'Stalled')?.message ?? '',
      /^Service ended-b: cannot be deleted: .*ask the house first; .* left: .*Service ended-b/,
    );
    await lift();
    await eventually('it is gone', async () => (await stage.resource('ended')) === undefined);
  });

  it('by a webhook is told in the words of the webhook', async () => {
    webhook.refused.set('hooked-b', 'the webhook of the house says no');
    await stage.want(TWO_ROLES, 'hooked');
    const { status } = await stage.until(
      'it is stalled',
      ({ conditions }) => conditions.some(({ type, status: word }) => type === 'Stalled' && word === 'True'),
      'hooked',
    );
    assert.match(
      conditionOf(status, 'Stalled')?.message ?? '',
      /^Service hooked-b: admission webhook ".*" denied the request: the webhook of the house says no/,
    );
    webhook.refused.delete('hooked-b');
    await stage.ready('hooked');
  });
});

describe('a webhook that does not answer', () => {
  it('is told as what is waited for, holds up what it guards alone, and what it held up goes on when it answers', async () => {
    await using stage = await ToyStage.open();
    await using webhook = await Webhook.serve(stage);
    const comeBack = await webhook.away();
    await stage.want(TWO_ROLES, 'guarded');
    const { status } = await stage.until(
      'the webhook is named',
      (said) => conditionOf(said, 'Ready')?.reason === 'WebhookUnreachable',
      'guarded',
    );
    assert.match(
      conditionOf(status, 'Ready')?.message ?? '',
      /^Service guarded-[bc]: .*failed calling webhook ".*toy\.dev"/,
    );
    assert.equal(
      conditionOf(status, 'Stalled')?.status ?? 'False',
      'False',
      'nobody need act on the resource',
    );
    assert.ok(await stage.versionOf('guarded-c-config'));
    await comeBack();
    await stage.ready('guarded');
  });
});
