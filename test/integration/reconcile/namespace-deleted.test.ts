import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configMap, customResource, defineOperator } from '../../../index.ts';
import type { Operator } from '../../../index.ts';
import { COMMANDS } from '../../../core/labels.ts';
import { eventually } from '../../../testing/eventually.ts';
import { freshNamespace } from '../../support/sandbox.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { TWO_ROLES } from '../../support/toy-operator.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';

const NAMESPACE = { group: '', kind: 'Namespace' };

async function deleteNamespace({ api }: ToyStage, name: string): Promise<void> {
  const { uid = '' } = (await api.get({ ...NAMESPACE, name }))?.metadata ?? {};
  await api.remove({ ...NAMESPACE, name }, { uid });
}

async function isGone({ api }: ToyStage, name: string): Promise<boolean> {
  return (await api.get({ ...NAMESPACE, name })) === undefined;
}

/** One ConfigMap here and one in the namespace that the spec's order names. */
function operatorAbroad(name: string): Operator<ToySpec> {
  return defineOperator(customResource<ToySpec>('toy.dev/v1', 'Toy'), {
    name,
    desired({ spec: { order } }, named) {
      const [namespace = ''] = order;
      return [configMap(named('here'), { data: {} }), configMap(named('there'), { data: {} }, { namespace })];
    },
  });
}

/** What it cleans up needs credentials. */
function operatorWithLogin(name: string): Operator<ToySpec> {
  return defineOperator(customResource<ToySpec>('toy.dev/v1', 'Toy'), {
    name,
    desired: () => [],
    onDelete: async (context) => void (await context.secret({ name: 'login' })),
  });
}

describe('a namespace that is deleted', { concurrency: true }, () => {
  it('takes its resources with it: each is let go of, its workflow ends, and nothing is made anew', async () => {
    await using stage = await ToyStage.open();
    await stage.want(TWO_ROLES, 'one');
    await stage.want(TWO_ROLES, 'two');
    await Promise.all([stage.ready('one'), stage.ready('two')]);
    const events = await stage.historyLength('one');
    await deleteNamespace(stage, stage.namespace);
    await eventually('the namespace is gone', () => isGone(stage, stage.namespace));
    await stage.temporal((client) =>
      eventually('the workflows have ended', async () => {
        const described = await Promise.all(
          ['one', 'two'].map((name) => client.workflow.getHandle(stage.workflowId(name)).describe()),
        );
        return described.every(({ status }) => status.name === 'COMPLETED');
      }),
    );
    const { events: history = [] } = await stage.temporal((client) =>
      client.workflow.getHandle(stage.workflowId('one')).fetchHistory(),
    );
    assert.ok((history?.length ?? 0) < events + 100, 'it does not fight');
  });

  it('and holds objects of a resource elsewhere is named in its condition, until there is such a namespace again', async () => {
    await using stage = await ToyStage.open(operatorAbroad);
    const there = await freshNamespace(stage.sandbox, 'abroad');
    const anchor = { group: '', kind: 'ConfigMap', namespace: there, name: 'anchor' };
    const { metadata } = await stage.api.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'anchor', namespace: there, finalizers: ['toy.dev/held'] },
    });
    await deleteNamespace(stage, there);
    await eventually(
      'it is being deleted',
      async () => (await stage.api.get(anchor))?.metadata.deletionTimestamp,
    );
    await stage.want({ order: [there], nodes: [] });
    const { status } = await stage.stalled('NamespaceTerminating');
    assert.match(
      conditionOf(status, 'Stalled')?.message ?? '',
      new RegExp(`^ConfigMap ${there}/t1-there: .*namespace ${there} because it is being terminated`),
    );
    assert.ok(await stage.api.get(stage.ref('ConfigMap', 't1-here')), 'what is not there goes on');
    await stage.api.patch(anchor, [
      { op: 'test', path: '/metadata/uid', value: metadata.uid },
      { op: 'remove', path: '/metadata/finalizers' },
    ]);
    await eventually('the namespace is gone', () => isGone(stage, there));
    await stage.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: there } });
    await stage.ready('t1');
  });

  it('and took the Secret that a deletion needs is named in its condition with the way out, which ends it', async () => {
    await using stage = await ToyStage.open(operatorWithLogin);
    await stage.want(TWO_ROLES, 'locked');
    await stage.ready('locked');
    await deleteNamespace(stage, stage.namespace);
    await stage.until(
      'the condition names the namespace',
      (status) =>
        new RegExp(
          `Secret ${stage.namespace}/login is not there, and its namespace ${stage.namespace} is being deleted, .*abandon=true`,
        ).test(conditionOf(status, 'Ready')?.message ?? ''),
      'locked',
    );
    const annotations = { [COMMANDS.abandon]: 'true' };
    const metadata = { name: 'locked', namespace: stage.namespace, annotations };
    await stage.api.apply({ apiVersion: 'toy.dev/v1', kind: 'Toy', metadata }, { fieldManager: 'somebody' });
    await eventually('the namespace is gone', () => isGone(stage, stage.namespace));
  });
});
