/** What the API server refuses: of each object by itself, with the reason first, with no value in it, and never for good. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Operator } from '../../../index.ts';
import { configMap, customResource, defineOperator, object } from '../../../index.ts';
import { COMMANDS, LABELS } from '../../../core/labels.ts';
import type { Manifest } from '../../../core/manifest.ts';
import { IMMUTABLE_FIELDS } from '../../../core/plan/immutable-fields.ts';
import { groupOf, kindName } from '../../../core/refs.ts';
import { eventually } from '../../../testing/eventually.ts';
import type { ImmutableCase } from '../../support/immutable-cases.ts';
import { textOf } from '../../support/history.ts';
import { HIDDEN, IMMUTABLE_CASES } from '../../support/immutable-cases.ts';
import { installToyKind } from '../../support/toy-crd.ts';
import type { ToyNode, ToySpec } from '../../support/toy-operator.ts';
import { TWO_ROLES } from '../../support/toy-operator.ts';
import type { ToyResource } from '../../support/toy-stage.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';

/** Each node is one object, whose manifest is its configuration. */
function rawOperator(name: string): Operator<ToySpec> {
  return defineOperator(customResource<ToySpec>('toy.dev/v1', 'Toy'), {
    name,
    desired: ({ spec }, named) =>
      spec.nodes.map((node) => {
        if (node.role === 'throws') throw new Error(node.config.repeat(node.replicas ?? 1));
        if (node.role === 'config') return configMap(named(node.name), { data: {} }, { versioned: false });
        return object({ ...JSON.parse(node.config), metadata: { name: named(node.name) } });
      }),
  });
}

function nodes(...given: readonly (Partial<ToyNode> | object)[]): ToySpec {
  const all = given.map((each, index): ToyNode => {
    const isNode = 'role' in each || 'config' in each;
    const config = isNode ? {} : { config: JSON.stringify(each) };
    return { name: `n${index}`, role: 'raw', config: '', ...config, ...(isNode ? each : {}) };
  });
  return { ...TWO_ROLES, nodes: all };
}

describe('what the API server refuses', { concurrency: 8 }, () => {
  let stage: ToyStage;
  before(async () => {
    stage = await ToyStage.open(rawOperator);
  });
  after(() => stage[Symbol.asyncDispose]());

  const stalled = (status: ToyResource['status']): string => conditionOf(status, 'Stalled')?.message ?? '';

  async function live(
    resource: ToyResource,
    apiVersion: string,
    kind: string,
  ): Promise<Manifest | undefined> {
    const served = await stage.api.servedKind({ group: groupOf(apiVersion), kind });
    const { items } = await stage.api.list(
      { group: served.group, kind },
      {
        ...(served.namespaced ? { namespace: stage.namespace } : {}),
        labelSelector: `${LABELS.resource}=${resource.metadata.uid}`,
      },
    );
    return items.find(({ metadata }) => !metadata.deletionTimestamp);
  }

  /** Approves by the token in the message, as a person does. */
  async function approve(name: string, message: string): Promise<void> {
    const [, token = ''] = /approve=([0-9a-f]{8})/.exec(message) ?? [];
    await stage.api.patch(stage.ref('Toy', name, 'toy.dev'), [
      { op: 'add', path: '/metadata/annotations', value: { [COMMANDS.approve]: token } },
    ]);
  }

  function historyOf(name: string): Promise<string> {
    return stage.temporal(async (client) =>
      textOf(await client.workflow.getHandle(stage.workflowId(name)).fetchHistory()),
    );
  }

  for (const [index, each] of IMMUTABLE_CASES.entries()) {
    const { apiVersion, kind, what = 'of which a field is immutable' } = each;
    const answer = IMMUTABLE_FIELDS[kindName({ group: groupOf(apiVersion), kind })]?.answer;
    it(`of a ${kind} ${what} ends as the table says: ${answer?.kind}`, async () => {
      const name = `${stage.namespace}-i${index}`;
      const { uid, resource } = await made(name, each);
      await stage.want(nodes({ apiVersion, kind, ...each.after }), name);
      const current = async (): Promise<string | undefined> =>
        (await live(resource, apiVersion, kind))?.metadata.uid;
      if (answer?.kind !== 'replace') {
        const { status } = await stage.stalled(
          answer?.kind === 'approve' ? 'ApprovalRequired' : 'Invalid',
          name,
        );
        const message = stalled(status);
        assert.ok(message.startsWith(`${kind} `) && message.includes(`-n0: ${each.field}`), message);
        assert.ok(
          message.includes(answer?.kind === 'approve' ? answer.cost : (answer?.cure ?? '?')),
          message,
        );
        assert.equal(await current(), uid, 'it is as it was');
        if (answer?.kind === 'approve') await approve(name, message);
      }
      if (answer?.kind !== 'refuse')
        await eventually(`${kind} is another one`, async () => ![uid, undefined].includes(await current()));
      const said = JSON.stringify([(await stage.resource(name))?.status, await historyOf(name)]);
      assert.equal(said.includes(HIDDEN), false, 'what containers and Secrets hold is told nowhere');
    });
  }

  async function made(name: string, { apiVersion, kind, before: body }: ImmutableCase) {
    const resource = await stage.want(nodes({ apiVersion, kind, ...body }), name);
    const found = await eventually(`${kind} is there`, () => live(resource, apiVersion, kind));
    return { uid: found.metadata.uid ?? '', resource };
  }

  it('has a case for every kind of the table that is served without resources of its own', () => {
    const tried = IMMUTABLE_CASES.map(({ apiVersion, kind }) =>
      kindName({ group: groupOf(apiVersion), kind }),
    );
    const definitions = 'CustomResourceDefinition.apiextensions.k8s.io';
    assert.deepEqual(new Set([...tried, definitions]), new Set(Object.keys(IMMUTABLE_FIELDS)));
  });

  it('of a kind that is not known says what to do, and is tried at once when the object is deleted', async () => {
    const rule = { rule: 'self == oldSelf', message: 'source never changes' };
    const source = { type: 'string', 'x-kubernetes-validations': [rule] };
    const schema = { type: 'object', properties: { source } };
    await installToyKind(stage.api, 'Snap', 'Namespaced', [{ name: 'v1', spec: schema }]);
    const snap = (from: string): object => ({
      apiVersion: 'toy.dev/v1',
      kind: 'Snap',
      spec: { source: from },
    });
    const resource = await stage.want(nodes(snap('one')), 'snap');
    const found = await eventually('the Snap is there', () => live(resource, 'toy.dev/v1', 'Snap'));
    await stage.want(nodes(snap('two')), 'snap');
    const { status } = await stage.stalled('Invalid', 'snap');
    assert.match(
      stalled(status),
      /^Snap snap-n0: spec\.source: Invalid value: source never changes; .* delete the one that is there$/,
    );
    const { name, uid = '' } = found.metadata;
    assert.equal((await live(resource, 'toy.dev/v1', 'Snap'))?.metadata.uid, uid);
    await stage.api.remove(stage.ref('Snap', name, 'toy.dev'), { uid });
    const again = await eventually('it is there as it is wanted now', () =>
      live(resource, 'toy.dev/v1', 'Snap'),
    );
    assert.deepEqual(again['spec'], { source: 'two' });
  });

  it('of a malformed quantity is told with its field at once, and the others are applied', async () => {
    const sized = (memory: string): object => ({
      apiVersion: 'v1',
      kind: 'Pod',
      spec: { containers: [{ name: 'main', image: 'example.org/toy:1', resources: { limits: { memory } } }] },
    });
    const resource = await stage.want(nodes(sized('1GB'), { role: 'config' }), 'quantity');
    const { status } = await stage.stalled('Invalid', 'quantity');
    assert.match(
      stalled(status),
      /^Pod quantity-n0: spec\.containers\[0\]\.resources\.limits\.memory: quantities must match/,
    );
    assert.ok(await live(resource, 'v1', 'ConfigMap'), 'its sibling is there');
    const history = await historyOf('quantity');
    assert.ok(history.includes('applyObjects') && !history.includes('attempt: 2'), 'nothing is tried twice');
    await stage.want(nodes(sized('1G'), { role: 'config' }), 'quantity');
    await eventually('the mended one is there', () => live(resource, 'v1', 'Pod'));
  });

  it('leaves no value of what was refused in an event', async () => {
    await eventually('refusals are recorded', async () =>
      (await stage.events()).some(({ note }) => note.includes('spec.template') || note.includes('spec: ')),
    );
    assert.equal(JSON.stringify(await stage.events()).includes(HIDDEN), false);
  });

  it('as a value of a variable that is no text is told with its field, and the value is told nowhere', async () => {
    const value = 271828182845;
    const containers = [{ name: 'main', image: 'example.org/toy:1', env: [{ name: 'PIN', value }] }];
    await stage.want(nodes({ apiVersion: 'v1', kind: 'Pod', spec: { containers } }), 'number');
    const { status } = await stage.stalled('Invalid', 'number');
    assert.match(stalled(status), /\.env\[name="PIN"\]\.value: expected string/);
    const told = JSON.stringify([status, await stage.events(), await historyOf('number')]);
    assert.equal(told.includes(String(value)), false);
  });

  it('costs one bounded condition when operator code throws megabytes, and is told in whole characters', async () => {
    await stage.want(nodes({ role: 'config' }), 'huge');
    await stage.ready('huge');
    const events = await stage.historyLength('huge');
    await stage.want(nodes({ role: 'throws', config: '漢😀', replicas: 1_000_000 }), 'huge');
    const { status } = await stage.stalled('PlanInvalid', 'huge');
    assert.ok(stalled(status).startsWith('Error: 漢😀漢😀') && stalled(status).length <= 1_024);
    assert.ok((await stage.historyLength('huge')) < events + 30, 'it waits, and does not spin');
    assert.ok((await historyOf('huge')).length < 300_000);
    await eventually('the event is there', async () =>
      (await stage.events()).some(
        ({ reason, note }) => reason === 'PlanInvalid' && note.includes('漢😀漢😀'),
      ),
    );
    await stage.want(nodes({ role: 'config' }), 'huge');
    await stage.ready('huge');
  });
});
