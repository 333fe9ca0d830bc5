/** Claims that grow, on a real API server: no pod restarts, no claim is lost, and what cannot be is told and touches nothing. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { readText } from '../../../core/health/read.ts';
import { COMMANDS } from '../../../core/labels.ts';
import { eventually } from '../../../testing/eventually.ts';
import { sized, StorageView } from '../../support/storage-view.ts';
import { TWO_ROLES } from '../../support/toy-operator.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';

describe('claims', () => {
  let stage: ToyStage;
  let view: StorageView;
  before(async () => {
    stage = await ToyStage.open();
    view = new StorageView(stage);
  });
  after(() => stage[Symbol.asyncDispose]());

  async function claimTemplate(name: string): Promise<string> {
    const [template] = Object((await view.statefulSet(name))?.['spec']).volumeClaimTemplates;
    return readText(template, 'spec', 'resources', 'requests', 'storage');
  }

  it('of StatefulSets grow: each pod is the one it was, and the StatefulSet asks for the new size', async () => {
    const nodes = TWO_ROLES.nodes.map((node) => ({ ...node, replicas: 2 }));
    const spec = (storage: string): typeof TWO_ROLES => ({
      ...TWO_ROLES,
      nodes: nodes.map((node) => ({ ...node, storage })),
    });
    await stage.want(spec('1Gi'), 'grown');
    await stage.ready('grown');
    const running = await view.pods('grown');
    await stage.want(spec('3Gi'), 'grown');
    await stage.ready('grown');
    assert.deepEqual(await view.pods('grown'), running);
    assert.deepEqual(await view.sizes('grown'), [
      'data-grown-b-0 3Gi',
      'data-grown-b-1 3Gi',
      'data-grown-c-0 3Gi',
      'data-grown-c-1 3Gi',
    ]);
    assert.equal(await claimTemplate('grown-b'), '3Gi');
    assert.equal(await stage.api.get(stage.ref('ConfigMap', 'grown-b.recreation')), undefined);
    await eventually('it was told', async () =>
      (await stage.events()).some(
        ({ reason, note }) => reason === 'Recreated' && note.includes('2 pods adopted, none restarted'),
      ),
    );
  });

  it('grow before the pods change, when both are asked for', async () => {
    await stage.want(sized('1Gi'), 'both');
    await stage.ready('both');
    const running = await view.pods('both');
    await stage.want(sized('2Gi', { image: 'example.org/toy:2' }), 'both');
    const { status } = await stage.ready('both');
    assert.deepEqual(await view.sizes('both'), ['data-both-b-0 2Gi', 'data-both-b-1 2Gi']);
    const replaced = await view.pods('both');
    assert.ok(running.every((pod) => !replaced.includes(pod)));
    assert.equal(replaced.length, 2);
    assert.equal(status?.rollout?.stages[0]?.state, 'Done');
  });

  it('keep the replicas that somebody set, and the fields that somebody owns', async () => {
    await stage.want(sized('1Gi'), 'shared');
    await stage.ready('shared');
    const ref = stage.ref('StatefulSet', 'shared-b', 'apps');
    await stage.api.patch(ref, [{ op: 'add', path: '/spec/minReadySeconds', value: 1 }]);
    await stage.want(sized('2Gi'), 'shared');
    await stage.ready('shared');
    const live = await view.statefulSet('shared-b');
    assert.equal(Object(live?.['spec']).minReadySeconds, 1);
    assert.equal(await claimTemplate('shared-b'), '2Gi');
  });

  it('do not shrink: that is refused, names both sizes, and touches nothing', async () => {
    await stage.want(sized('2Gi'), 'shrunk');
    await stage.ready('shrunk');
    const [running, before] = [await view.pods('shrunk'), await view.statefulSet('shrunk-b')];
    await stage.want(sized('1Gi', { image: 'example.org/toy:2' }), 'shrunk');
    const { status } = await stage.stalled('ClaimWouldShrink', 'shrunk');
    assert.match(
      conditionOf(status, 'Stalled')?.message ?? '',
      /shrunk-b: .*data: 1Gi is less than the 2Gi.* its pod template waits for that/,
    );
    assert.deepEqual(await view.pods('shrunk'), running);
    assert.equal((await view.statefulSet('shrunk-b'))?.metadata.generation, before?.metadata.generation);
    await stage.want(sized('2Gi'), 'shrunk');
    await stage.ready('shrunk');
    assert.deepEqual(await view.pods('shrunk'), running);
  });

  it('that a rollback left larger than the spec asks for are named when the spec goes back, too', async () => {
    await stage.want(sized('1Gi'), 'back');
    await stage.ready('back');
    await stage.want(sized('2Gi', { image: 'example.org/toy:crash' }), 'back');
    const { metadata } = await stage.stalled('WorkloadFailed', 'back');
    const annotations = { [COMMANDS.rollback]: `${metadata.generation}` };
    const place = { name: 'back', namespace: stage.namespace };
    const annotated = { apiVersion: 'toy.dev/v1', kind: 'Toy', metadata: { ...place, annotations } };
    await stage.api.apply(annotated, { fieldManager: 'somebody' });
    await stage.stalled('RolledBack', 'back');
    await stage.want(sized('1Gi'), 'back');
    const { status } = await stage.stalled('ClaimWouldShrink', 'back');
    assert.match(conditionOf(status, 'Stalled')?.message ?? '', /back-b: .*data: 1Gi is less than the 2Gi/);
    await stage.want(sized('2Gi'), 'back');
    await stage.ready('back');
    assert.deepEqual(await view.sizes('back'), ['data-back-b-0 2Gi', 'data-back-b-1 2Gi']);
  });

  it('of a class that cannot expand stay: the class is named, and allowing it is enough', async () => {
    const storageClassName = await view.storageClass('fixed', {});
    await stage.want({ ...sized('1Gi'), storageClassName }, 'fixed');
    await stage.ready('fixed');
    await stage.want({ ...sized('2Gi'), storageClassName }, 'fixed');
    const { status } = await stage.stalled('ClassCannotExpand', 'fixed');
    assert.ok(conditionOf(status, 'Stalled')?.message.includes(`StorageClass ${storageClassName}`));
    assert.deepEqual(await view.sizes('fixed'), ['data-fixed-b-0 1Gi', 'data-fixed-b-1 1Gi']);
    await view.storageClass('fixed', { allowVolumeExpansion: true });
    await stage.ready('fixed');
    assert.deepEqual(await view.sizes('fixed'), ['data-fixed-b-0 2Gi', 'data-fixed-b-1 2Gi']);
  });

  it('that their driver cannot grow are told, the StatefulSet untouched; asking for less takes it back', async () => {
    const storageClassName = await view.storageClass('limited', {
      allowVolumeExpansion: true,
      parameters: { limit: '5Gi' },
    });
    await stage.want({ ...sized('1Gi'), storageClassName }, 'limited');
    await stage.ready('limited');
    const before = await view.statefulSet('limited-b');
    await stage.want({ ...sized('9Gi'), storageClassName }, 'limited');
    const { status } = await stage.stalled('ResizeFailed', 'limited');
    assert.match(conditionOf(status, 'Stalled')?.message ?? '', /ControllerResizeInfeasible, .*1Gi of 9Gi/);
    assert.equal((await view.statefulSet('limited-b'))?.metadata.uid, before?.metadata.uid);
    await stage.want({ ...sized('4Gi'), storageClassName }, 'limited');
    await stage.ready('limited');
    assert.deepEqual(await view.sizes('limited'), ['data-limited-b-0 4Gi', 'data-limited-b-1 4Gi']);
  });

  it('whose file system grows only with a new pod get one, one pod after the other', async () => {
    const storageClassName = await view.storageClass('offline', {
      allowVolumeExpansion: true,
      parameters: { fileSystem: 'offline' },
    });
    await stage.want({ ...sized('1Gi'), storageClassName }, 'offline');
    await stage.ready('offline');
    const running = await view.pods('offline');
    let fewest = running.length;
    const watching = setInterval(() => {
      void view.list('Pod', 'offline').then((pods) => {
        const ready = pods.filter(
          (pod) => !pod.metadata.deletionTimestamp && readText(pod, 'status', 'phase') === 'Running',
        );
        fewest = Math.min(fewest, ready.length);
      });
    }, 20);
    try {
      await stage.want({ ...sized('2Gi'), storageClassName }, 'offline');
      await stage.ready('offline');
    } finally {
      clearInterval(watching);
    }
    assert.deepEqual(await view.sizes('offline'), ['data-offline-b-0 2Gi', 'data-offline-b-1 2Gi']);
    assert.ok((await view.pods('offline')).every((pod) => !running.includes(pod)));
    assert.ok(fewest >= 1, 'two pods were away at once');
  });

  it('of their own grow in place, and name what keeps them from it', async () => {
    const storageClassName = await view.storageClass('alone', {});
    await stage.want({ ...TWO_ROLES, claims: { logs: '1Gi' } }, 'own');
    await stage.want({ ...TWO_ROLES, storageClassName, claims: { logs: '1Gi' } }, 'stiff');
    await Promise.all(['own', 'stiff'].map((name) => stage.ready(name)));
    await stage.want({ ...TWO_ROLES, claims: { logs: '2Gi' } }, 'own');
    await stage.ready('own');
    assert.ok((await view.sizes('own')).includes('own-logs 2Gi'));
    await stage.want({ ...TWO_ROLES, claims: { logs: '1Gi' } }, 'own');
    const shrunk = await stage.stalled('ClaimWouldShrink', 'own');
    assert.match(conditionOf(shrunk.status, 'Stalled')?.message ?? '', /own-logs: 1Gi is less than the 2Gi/);
    await stage.want({ ...TWO_ROLES, storageClassName, claims: { logs: '2Gi' } }, 'stiff');
    const stiff = await stage.stalled('ClassCannotExpand', 'stiff');
    assert.ok(conditionOf(stiff.status, 'Stalled')?.message.includes(`StorageClass ${storageClassName}`));
  });
});
