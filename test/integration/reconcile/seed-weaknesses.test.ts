/** Each weakness of the Go library this project re-implements, beaten on a real API server. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../../../testing/eventually.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { TWO_ROLES } from '../../support/toy-operator.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';

function configured(spec: ToySpec, config: string): ToySpec {
  return { ...spec, nodes: spec.nodes.map((node) => ({ ...node, config })) };
}

interface StatefulSet {
  readonly spec: {
    readonly replicas: number;
    readonly template: {
      readonly spec: {
        readonly containers: readonly { name: string; image: string; env?: { name: string }[] }[];
      };
    };
  };
  readonly metadata: { readonly uid: string; readonly generation: number };
}

describe('the weaknesses of the seed', () => {
  let stage: ToyStage;
  before(async () => {
    stage = await ToyStage.open();
  });
  after(() => stage[Symbol.asyncDispose]());

  async function statefulSet(name: string): Promise<StatefulSet> {
    const found = await stage.api.get(stage.ref('StatefulSet', name, 'apps'));
    assert.ok(found, `StatefulSet ${name} exists`);
    return found as unknown as StatefulSet;
  }

  it('1: what is no longer desired is pruned, of every kind, also after a restart, and of every node', async () => {
    await stage.want(TWO_ROLES, 'pruned');
    await stage.ready('pruned');
    await stage.stop();
    await stage.want({ ...TWO_ROLES, nodes: TWO_ROLES.nodes.slice(0, 1) }, 'pruned');
    await stage.start();
    await eventually('the broker is gone', async () => {
      const left = await Promise.all([
        stage.api.get(stage.ref('StatefulSet', 'pruned-b', 'apps')),
        stage.api.get(stage.ref('Service', 'pruned-b')),
      ]);
      const versions = await stage.versionsOf('pruned-b-config');
      return left.every((object) => object === undefined) && versions.length === 0;
    });
    await stage.ready('pruned');
    await statefulSet('pruned-c');
  });

  it('2: an object the server refuses is told in the status, with its field, and independent objects go on', async () => {
    const [controller, broker] = TWO_ROLES.nodes;
    assert.ok(controller && broker);
    await stage.want(
      { ...TWO_ROLES, nodes: [controller, { ...broker, image: ' not an image ', replicas: -1 }] },
      'refused',
    );
    const { status } = await stage.stalled('Invalid', 'refused');
    assert.match(conditionOf(status, 'Stalled')?.message ?? '', /StatefulSet refused-b: spec\.replicas: /);
    await eventually('the controller runs', () => statefulSet('refused-c'));
    await stage.want(TWO_ROLES, 'refused');
    await stage.ready('refused');
  });

  it('3: an edit by hand is undone, and what others own stays', async () => {
    await stage.want(TWO_ROLES, 'drifted');
    await stage.ready('drifted');
    const edited = {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: {
        name: 'drifted-b',
        namespace: stage.namespace,
        annotations: { 'somebody.dev/note': 'mine' },
      },
      spec: { replicas: 4 },
    };
    await stage.api.apply(edited, { fieldManager: 'somebody' });
    await eventually(
      'the replicas are put back',
      async () => (await statefulSet('drifted-b')).spec.replicas === 1,
    );
    const live = await stage.api.get(stage.ref('StatefulSet', 'drifted-b', 'apps'));
    assert.equal(live?.metadata.annotations?.['somebody.dev/note'], 'mine');
    await eventually('the repair is told, and who edited', async () =>
      (await stage.events()).some(
        ({ reason, note }) => reason === 'DriftRepaired' && note.includes('somebody'),
      ),
    );
    const { name, uid = '' } = (await stage.versionOf('drifted-c-config')).metadata;
    await stage.api.remove(stage.ref('ConfigMap', name), { uid });
    await eventually('the deleted ConfigMap is back', () => stage.api.get(stage.ref('ConfigMap', name)));
    await stage.ready('drifted');
  });

  it('4, 5, 7: a config change rolls every role in order, with no wait of ten seconds between them', async () => {
    const order = ['controller', 'broker', 'server'];
    const nodes = [...order, 'unlisted'].map((role) => ({ name: role, role, config: '1' }));
    await stage.want({ order, nodes }, 'rolled');
    await stage.ready('rolled');
    const generations = await Promise.all(nodes.map(({ name }) => statefulSet(`rolled-${name}`)));
    await stage.want(configured({ order, nodes }, '2'), 'rolled');
    const { status } = await stage.ready('rolled');
    assert.deepEqual(
      status?.rollout?.stages.map(({ name }) => name),
      [...order, 'unlisted'],
    );
    const stages = status?.rollout?.stages ?? [];
    for (const [index, { startedAt = '' }] of stages.entries())
      assert.ok(
        index === 0 || startedAt >= (stages[index - 1]?.finishedAt ?? 'z'),
        'a stage begins after the former is done',
      );
    for (const [index, { name }] of nodes.entries())
      assert.equal(
        (await statefulSet(`rolled-${name}`)).metadata.generation,
        (generations[index]?.metadata.generation ?? 0) + 1,
      );
  });

  it('8: the status tells when a rollout started, finished, how long it took, and each stage', async () => {
    await stage.want(TWO_ROLES, 'told');
    const { status } = await stage.ready('told');
    assert.equal(status?.rollout?.trigger, 'Install');
    assert.ok(status?.rollout?.finishedAt);
    assert.equal(typeof status?.rollout?.seconds, 'number');
    assert.deepEqual(
      status?.rollout?.stages.map(({ name, state }) => `${name} ${state}`),
      ['controller Done', 'broker Done'],
    );
    assert.equal(status?.ready, '2/2');
  });

  it('9: an event has its reason in the reason and its sentence in the note', async () => {
    await stage.want(TWO_ROLES, 'news');
    await stage.ready('news');
    const wanted = ['Created', 'RolloutStarted', 'RolloutCompleted'];
    await eventually('the events are there', async () => {
      const reasons = new Set(
        (await stage.events())
          .filter(({ regarding }) => regarding.name === 'news')
          .map(({ reason }) => reason),
      );
      return wanted.every((reason) => reasons.has(reason));
    });
    const created = (await stage.events()).find(
      ({ note }) => note === 'created StatefulSet news-c, StatefulSet news-b',
    );
    assert.equal(created?.reason, 'Created');
  });

  it('10: a resource at rest costs no workflow task and no write', async () => {
    await stage.want(TWO_ROLES, 'resting');
    const { metadata } = await stage.ready('resting');
    const events = await stage.historyLength('resting');
    await stage.want(TWO_ROLES, 'resting');
    await stage.want(TWO_ROLES, 'busy');
    await stage.ready('busy');
    assert.equal((await stage.resource('resting'))?.metadata.resourceVersion, metadata.resourceVersion);
    assert.equal(await stage.historyLength('resting'), events);
  });

  it('two resources of one namespace never share an object, also where their names meet', async () => {
    const meeting = { ...TWO_ROLES, nodes: [{ name: 'eu-c', role: 'controller', config: 'a=1' }] };
    await stage.want(meeting, 'one');
    await stage.ready('one');
    const before = await statefulSet('one-eu-c');
    await stage.want({ ...TWO_ROLES, nodes: TWO_ROLES.nodes.slice(0, 1) }, 'one-eu');
    await stage.stalled('OwnershipConflict', 'one-eu');
    const after = await statefulSet('one-eu-c');
    assert.deepEqual(after.metadata, before.metadata);
    await stage.ready('one');
  });
});
