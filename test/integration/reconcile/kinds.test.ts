import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { COMMANDS, FINALIZER } from '../../../core/labels.ts';
import { eventually } from '../../../testing/eventually.ts';
import { terminate } from '../../support/interruptions.ts';
import { knobKind, knobOf, openKnobs, rightsFor, wanting } from '../../support/knobs.ts';
import { ServiceAccount } from '../../support/service-account.ts';
import { installToyKind } from '../../support/toy-crd.ts';
import type { ToyStage } from '../../support/toy-stage.ts';
import { conditionOf } from '../../support/toy-stage.ts';

const CRD = { group: 'apiextensions.k8s.io', kind: 'CustomResourceDefinition' };

describe('an object', { concurrency: true }, () => {
  const stages: ToyStage[] = [];
  const kinds: string[] = [];
  after(async () => {
    for (const kind of kinds) await uninstall(stages[0] ?? assert.fail(), kind);
    await Promise.all(stages.map((stage) => stage[Symbol.asyncDispose]()));
  });

  async function open(): Promise<ToyStage> {
    const stage = await openKnobs();
    stages.push(stage);
    return stage;
  }

  async function install(stage: ToyStage, word: string, scope: 'Cluster' | 'Namespaced'): Promise<string> {
    const kind = knobKind(stage, word);
    kinds.push(kind);
    await installToyKind(stage.api, kind, scope);
    return kind;
  }

  it('of a cluster-scoped kind that no list names stays as it is at every resync, and goes with its resource', async () => {
    const stage = await open();
    const kind = await install(stage, 'Wide', 'Cluster');
    await stage.want(wanting('1', kind));
    await stage.ready();
    const knob = (await knobOf(stage, kind)) ?? assert.fail('it is there');
    const held = await stage.resource();
    assert.ok(held?.metadata.finalizers?.includes(FINALIZER), 'no owner collects it');
    for (let round = 0; round < 2; round++) {
      await resync(stage);
      await stage.historyLength();
    }
    assert.equal((await knobOf(stage, kind))?.metadata.uid, knob.metadata.uid);
    await stage.ready();
    // Another workflow finds it by its labels, under the same key.
    await stage.temporal((client) => terminate(client, stage.workflowId()));
    await stage.want(wanting('2', kind));
    await stage.ready();
    assert.equal((await knobOf(stage, kind))?.metadata.uid, knob.metadata.uid);
    await remove(stage);
    await eventually('it goes', async () => (await knobOf(stage, kind)) === undefined);
  });

  it('of a kind that is installed later is planned in its scope once it is served, and holds up nothing before', async () => {
    const stage = await open();
    const kind = knobKind(stage, 'Late');
    await stage.want(wanting('1', kind));
    const { status } = await stage.stalled('NotFound');
    assert.match(conditionOf(status, 'Stalled')?.message ?? '', /does not serve .* install its CRD/);
    await valueIs(stage, '1');
    await install(stage, 'Late', 'Cluster');
    await stage.retry('t1', 'served');
    await stage.ready();
    const knob = (await knobOf(stage, kind)) ?? assert.fail('it is there');
    assert.equal(knob.metadata.namespace, undefined);
    assert.equal(knob.metadata.ownerReferences, undefined);
    assert.ok((await stage.resource())?.metadata.finalizers?.includes(FINALIZER));
  });

  it('of a kind that is uninstalled went with it: a newer spec, and a deletion with a finalizer, go on', async () => {
    const stage = await open();
    const wide = await install(stage, 'Gone', 'Cluster');
    const other = await install(stage, 'Left', 'Cluster');
    await stage.want(wanting('1', wide, other));
    await stage.ready();
    await uninstall(stage, wide);
    await resync(stage);
    await stage.stalled('NotFound');
    await stage.want(wanting('2', other));
    await stage.ready();
    await valueIs(stage, '2');
    await uninstall(stage, other);
    await remove(stage);
    await eventually('the resource goes', async () => (await stage.resource()) === undefined);
  });

  it('that may not be read holds up nothing else, and says which verb is missing', async () => {
    const stage = await open();
    const kind = await install(stage, 'Dark', 'Namespaced');
    await stage.stop();
    const account = await ServiceAccount.make(stage, rightsFor(kind, 'create', 'patch'));
    await stage.start({ kubeconfig: account.kubeconfig });
    await stage.want(wanting('1', kind));
    await eventually('it is applied', () => knobOf(stage, kind));
    await stage.until('all of it is told', ({ observedGeneration }) => observedGeneration === 1);
    await resync(stage);
    const { status } = await stage.stalled('Forbidden');
    assert.match(
      conditionOf(status, 'Stalled')?.message ?? '',
      /cannot (get|list) resource .*; grant the verb (get|list)/,
    );
    await stage.want(wanting('2', kind));
    await valueIs(stage, '2');
    await stage.temporal((client) => terminate(client, stage.workflowId()));
    await stage.want(wanting('3', kind));
    await valueIs(stage, '3');
    await account.grant(rightsFor(kind, 'create', 'patch', 'get', 'list', 'watch', 'delete'));
    await stage.retry('t1', 'granted');
    await stage.ready();
  });

  it('that may not be deleted does not keep a deletion from being abandoned', async () => {
    const stage = await open();
    const kind = await install(stage, 'Stuck', 'Cluster');
    await stage.stop();
    const account = await ServiceAccount.make(stage, rightsFor(kind, 'create', 'patch'));
    await stage.start({ kubeconfig: account.kubeconfig });
    // A Role grants nothing of a cluster-scoped kind.
    await stage.want(wanting('1', kind));
    await stage.stalled('Forbidden');
    await annotate(stage, COMMANDS.abandon, 'true');
    await remove(stage);
    await eventually('the resource goes', async () => (await stage.resource()) === undefined);
  });
});

async function valueIs(stage: ToyStage, value: string): Promise<void> {
  await eventually(`the value is ${value}`, async () => {
    const config = await stage.api.get(stage.ref('ConfigMap', 't1-config'));
    return (config?.['data'] as { value?: string } | undefined)?.value === value;
  });
}

/** As a bridge says that something may have been missed. */
async function resync(stage: ToyStage): Promise<void> {
  await stage.temporal((client) =>
    client.workflow.getHandle(stage.workflowId()).signal('resourceChanged', { resync: true }),
  );
}

async function remove(stage: ToyStage): Promise<void> {
  const { metadata } = (await stage.resource()) ?? assert.fail();
  await stage.api.remove(stage.ref('Toy', 't1', 'toy.dev'), { uid: metadata.uid ?? '' });
}

async function annotate(stage: ToyStage, name: string, value: string): Promise<void> {
  const metadata = { name: 't1', namespace: stage.namespace, annotations: { [name]: value } };
  await stage.api.apply({ apiVersion: 'toy.dev/v1', kind: 'Toy', metadata }, { fieldManager: 'somebody' });
}

async function uninstall({ api }: ToyStage, kind: string): Promise<void> {
  const ref = { ...CRD, name: `${kind.toLowerCase()}s.toy.dev` };
  const live = await api.get(ref);
  if (!live) return;
  await api.remove(ref, { uid: live.metadata.uid ?? '' });
  await eventually(`${kind} is gone`, async () => (await api.get(ref)) === undefined);
}
