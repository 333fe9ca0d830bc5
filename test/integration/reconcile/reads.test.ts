import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { digest } from '../../../activities/digest.ts';
import { ANNOTATIONS } from '../../../core/labels.ts';
import type { Manifest } from '../../../core/manifest.ts';
import { contentDigest } from '../../../core/plan/digests.ts';
import { eventually } from '../../../testing/eventually.ts';
import { textOf } from '../../support/history.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { TWO_ROLES } from '../../support/toy-operator.ts';
import type { ToyResource } from '../../support/toy-stage.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';

/** From one rotation to the next, in a storm of them. */
const ROTATION_MS = 250;

/** Two roles whose pods read a Secret that is not theirs. */
function reading(secret: string): ToySpec {
  return { ...TWO_ROLES, nodes: TWO_ROLES.nodes.map((node) => ({ ...node, secret })) };
}

interface Workload extends Manifest {
  readonly spec: {
    readonly template: { readonly metadata: { readonly annotations?: Record<string, string> } };
  };
}

describe('what pods read of others', () => {
  let stage: ToyStage;
  before(async () => {
    stage = await ToyStage.open();
  });
  after(() => stage[Symbol.asyncDispose]());

  async function secret(name: string, data: Record<string, string>, labels = {}): Promise<Manifest> {
    const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
    const { object } = await stage.api.apply(
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name, namespace: stage.namespace, labels },
        data: Object.fromEntries(encoded),
      },
      { fieldManager: 'vault' },
    );
    return object;
  }

  async function removeSecret({ metadata }: Manifest): Promise<void> {
    await stage.api.remove(stage.ref('Secret', metadata.name), { uid: metadata.uid ?? '' });
  }

  async function workload(name: string): Promise<Workload> {
    const found = await stage.api.get(stage.ref('StatefulSet', name, 'apps'));
    assert.ok(found, `StatefulSet ${name} is there`);
    return found as Workload;
  }

  async function configOf(name: string): Promise<string | undefined> {
    return (await workload(name)).spec.template.metadata.annotations?.[ANNOTATIONS.config];
  }

  /** Ready with a rollout that began after the time. */
  function rolled(name: string, after: string): Promise<ToyResource> {
    return stage.until(
      `${name} is rolled`,
      ({ conditions, rollout }) =>
        rollout?.finishedAt !== undefined &&
        Date.parse(rollout.startedAt) > Date.parse(after) &&
        conditions.some(({ type, status }) => type === 'Ready' && status === 'True'),
      name,
    );
  }

  const finishedAt = ({ status }: ToyResource): string =>
    status?.rollout?.finishedAt ?? assert.fail('no rollout');

  it('rolls them stage by stage when it is rotated, and not when only its labels change', async () => {
    await secret('rotated', { password: 'first' });
    await stage.want(reading('rotated'), 'rotates');
    const installed = await stage.ready('rotates');
    const before = [await configOf('rotates-c'), await configOf('rotates-b')];
    const { metadata } = await secret('rotated', { password: 'first' }, { team: 'data' });
    await stage.until(
      'the new version is seen',
      ({ references }) => references?.[0]?.seen === metadata.resourceVersion,
      'rotates',
    );
    assert.deepEqual([await configOf('rotates-c'), await configOf('rotates-b')], before);
    await secret('rotated', { password: 'second' });
    const { status } = await rolled('rotates', finishedAt(installed));
    assert.notEqual(await configOf('rotates-c'), before[0]);
    assert.notEqual(await configOf('rotates-b'), before[1]);
    const [controller, broker] = status?.rollout?.stages ?? [];
    assert.deepEqual([controller?.name, broker?.name], ['controller', 'broker']);
    assert.ok(Date.parse(controller?.finishedAt ?? '') <= Date.parse(broker?.startedAt ?? ''));
  });

  it('restarts pods once for a storm of rotations, with the last of them, and a change of the spec takes it along', async () => {
    const generation = async (name: string): Promise<number> =>
      (await workload(name)).metadata.generation ?? 0;
    await secret('storm', { password: '0' });
    await stage.want(reading('storm'), 'storm');
    await stage.ready('storm');
    const [before, digest] = [await generation('storm-c'), await configOf('storm-c')];
    // As fast as a tool rotates them: all in one moment would be one hint, and prove nothing.
    for (let rotation = 1; rotation <= 20; rotation++) {
      await secret('storm', { password: `${rotation}` });
      await setTimeout(ROTATION_MS);
    }
    await eventually('it is rotated', async () => (await configOf('storm-c')) !== digest);
    await stage.ready('storm');
    await stage.historyLength('storm');
    const after = await generation('storm-c');
    assert.ok(after - before <= 2, `${after - before} templates for one storm`);
    await secret('storm', { password: 'new' });
    const spec = reading('storm');
    const image = 'example.org/toy:2';
    await stage.want({ ...spec, nodes: spec.nodes.map((node) => ({ ...node, image })) }, 'storm');
    const { status } = await stage.ready('storm');
    await stage.historyLength('storm');
    assert.deepEqual([await generation('storm-c'), status?.rollout?.trigger], [after + 1, 'Change']);
  });

  it('is found rotated by a program that starts later', async () => {
    await secret('later', { password: 'first' });
    await stage.want(reading('later'), 'sleeper');
    const installed = await stage.ready('sleeper');
    const before = await configOf('sleeper-b');
    await stage.stop();
    await secret('later', { password: 'second' });
    await stage.start();
    await rolled('sleeper', finishedAt(installed));
    assert.notEqual(await configOf('sleeper-b'), before);
  });

  it('holds the workloads that need it while it is missing, names object and field, and heals by itself', async () => {
    await stage.want(reading('missing'), 'needy');
    const { status } = await stage.stalled('SecretNotFound', 'needy');
    assert.match(
      conditionOf(status, 'Stalled')?.message ?? '',
      /Secret missing does not exist; StatefulSet needy-[bc] reads it: containers\[main\]\.env\[PASSWORD\]/,
    );
    assert.equal(await stage.api.get(stage.ref('StatefulSet', 'needy-b', 'apps')), undefined);
    assert.ok(await stage.api.get(stage.ref('Service', 'needy-b')), 'the rest goes on');
    await secret('missing', { user: 'me' });
    const { status: then } = await stage.stalled('KeyNotFound', 'needy');
    assert.match(conditionOf(then, 'Stalled')?.message ?? '', /Secret missing has no key "password"/);
    await secret('missing', { user: 'me', password: 'there' });
    await stage.ready('needy');
  });

  it('is missed when it is deleted, and no pod is touched for it; made again as it was, nothing restarts', async () => {
    const made = await secret('fleeting', { password: 'same' });
    await stage.want(reading('fleeting'), 'keeper');
    const { status } = await stage.ready('keeper');
    const { generation, uid } = (await workload('keeper-b')).metadata;
    await removeSecret(made);
    await stage.stalled('SecretNotFound', 'keeper');
    await secret('fleeting', { password: 'same' });
    const healed = await stage.ready('keeper');
    const { metadata } = await workload('keeper-b');
    assert.deepEqual([metadata.generation, metadata.uid], [generation, uid]);
    assert.deepEqual(healed.status?.rollout, status?.rollout, 'there was no other rollout');
  });

  it('leaves neither a value nor a digest that could be guessed in the history, the status or on the objects', async () => {
    const made = await secret('quiet', { password: 'hunter2' });
    await stage.want(reading('quiet'), 'discreet');
    const resource = await stage.ready('discreet');
    const history = await stage.temporal((client) =>
      client.workflow.getHandle(stage.workflowId('discreet')).fetchHistory(),
    );
    const seen = [
      textOf(history),
      JSON.stringify(resource),
      JSON.stringify(await workload('discreet-b')),
    ].join();
    assert.match(seen, /Secret\/quiet/);
    const value = Buffer.from('hunter2').toString('base64');
    for (const forbidden of [
      'hunter2',
      value,
      contentDigest(made, digest),
      digest(made['data']),
      digest('hunter2'),
    ])
      assert.equal(seen.includes(forbidden), false, forbidden);
  });

  it('is read with a key that two programs share', async () => {
    const key = await eventually('the key', () =>
      stage.api.get({
        group: '',
        kind: 'Secret',
        namespace: 'default',
        name: `${stage.operator.name}-digest-key`,
      }),
    );
    const data = key['data'] as { readonly key: string };
    assert.equal(Buffer.from(data.key, 'base64').length, 32);
  });
});
