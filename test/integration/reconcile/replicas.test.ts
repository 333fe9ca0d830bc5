/** Replicas that somebody else decides about, on a real API server: an independent watch tells every value they take. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ANNOTATIONS } from '../../../core/labels.ts';
import type { Manifest } from '../../../core/manifest.ts';
import { replicasOf } from '../../../core/replicas.ts';
import { Scaling } from '../../../activities/scaling.ts';
import { eventually } from '../../../testing/eventually.ts';
import { ReplicasSeen } from '../../support/replicas-seen.ts';
import { installScaledObjects, operatorNamed } from '../../support/scaled-toys.ts';
import type { ToyNode } from '../../support/toy-operator.ts';
import { ToyStage } from '../../support/toy-stage.ts';

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

describe('replicas that somebody else decides about', () => {
  let stage: ToyStage;
  before(async () => {
    stage = await ToyStage.open(operatorNamed);
  });
  after(() => stage[Symbol.asyncDispose]());

  const want = (name: string, node: Partial<ToyNode>): Promise<unknown> =>
    stage.want({ order: [], nodes: [{ name: 'web', role: 'web', config: '', ...node }] }, name);
  const ref = (name: string): ReturnType<ToyStage['ref']> => stage.ref('Deployment', `${name}-web`, 'apps');

  async function live(name: string): Promise<Manifest> {
    const found = await stage.api.get(ref(name));
    assert.ok(found, `Deployment ${name}-web exists`);
    return found;
  }

  const imageOf = (object: Manifest): string => JSON.stringify(object).match(/"image":"([^"]+)"/)?.[1] ?? '';

  /** As an HPA does. */
  const scale = (name: string, replicas: number, fieldManager = 'kube-controller-manager'): Promise<number> =>
    stage.api.scale(ref(name), replicas, { fieldManager });

  const hpaOf = (name: string, minReplicas: number): Manifest => ({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name, namespace: stage.namespace },
    spec: {
      minReplicas,
      maxReplicas: 20,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: `${name}-web` },
    },
  });

  const hasReplicas = (name: string, replicas: number): Promise<unknown> =>
    eventually(`${name} has ${replicas} replicas`, async () => replicasOf(await live(name)) === replicas);

  async function owners(name: string): Promise<readonly string[]> {
    const { managedFields = [] } = (await live(name)).metadata;
    return managedFields
      .filter(({ fieldsV1 }) => JSON.stringify(fieldsV1).includes('"f:replicas"'))
      .filter(({ subresource }) => subresource !== 'status')
      .map(({ manager = '' }) => manager.replace(stage.operator.name, 'operator'));
  }

  const letGo = (name: string): Promise<unknown> =>
    eventually(`${name} is let go`, async () => !(await owners(name)).includes('operator'));

  describe('of workloads that have nothing to do with each other', { concurrency: true }, () => {
    it('are handed over to an HPA before it writes, and never dip, also through a rollout', async () => {
      await want('handed', { replicas: 5 });
      await stage.ready('handed');
      await using seen = await ReplicasSeen.of(stage.api, ref('handed'));
      await stage.api.apply(hpaOf('handed', 2), { fieldManager: 'kubectl' });
      await letGo('handed');
      assert.deepEqual(await owners('handed'), ['operator-handover']);
      await want('handed', { replicas: 3, image: 'app:2' });
      await eventually('the new template is there', async () => imageOf(await live('handed')) === 'app:2');
      await stage.ready('handed');
      await scale('handed', 8);
      await want('handed', { replicas: 3, image: 'app:3' });
      await eventually('the newer template is there', async () => imageOf(await live('handed')) === 'app:3');
      await stage.ready('handed');
      assert.deepEqual(await seen.values(), [5, 8]);
      assert.ok(
        (await stage.events()).some(
          ({ reason, note }) =>
            reason === 'ReplicasHandedOver' &&
            note === 'left the replicas of Deployment handed-web to HorizontalPodAutoscaler handed',
        ),
      );
    });

    it('are taken back in bounded steps when the HPA is deleted', async () => {
      await want('back', { replicas: 2 });
      await stage.ready('back');
      await stage.api.apply(hpaOf('back', 2), { fieldManager: 'kubectl' });
      await letGo('back');
      await scale('back', 8);
      await stage.ready('back');
      await using seen = await ReplicasSeen.of(stage.api, ref('back'));
      const hpa = stage.ref('HorizontalPodAutoscaler', 'back', 'autoscaling');
      await stage.api.remove(hpa, { uid: (await stage.api.get(hpa))?.metadata.uid ?? '' });
      await hasReplicas('back', 2);
      await stage.ready('back');
      assert.deepEqual(await seen.values(), [8, 6, 5, 4, 3, 2]);
      assert.ok((await owners('back')).includes('operator'));
    });

    it('are given back in bounded steps when the HPA is deleted in the middle of a rollout', async () => {
      await want('mid', { replicas: 2 });
      await stage.ready('mid');
      await stage.api.apply(hpaOf('mid', 2), { fieldManager: 'kubectl' });
      await letGo('mid');
      await scale('mid', 12);
      await stage.ready('mid');
      await using seen = await ReplicasSeen.of(stage.api, ref('mid'));
      await want('mid', { replicas: 2, image: 'app:2' });
      await eventually('the new template is there', async () => imageOf(await live('mid')) === 'app:2');
      const hpa = stage.ref('HorizontalPodAutoscaler', 'mid', 'autoscaling');
      await stage.api.remove(hpa, { uid: (await stage.api.get(hpa))?.metadata.uid ?? '' });
      await hasReplicas('mid', 2);
      await stage.ready('mid');
      assert.deepEqual(await seen.values(), [12, 9, 7, 6, 5, 4, 3, 2]);
    });

    it('are told to be left also to an HPA that wrote before it was seen', async () => {
      await want('quick', { replicas: 2 });
      await stage.ready('quick');
      await scale('quick', 5);
      await stage.api.apply(hpaOf('quick', 5), { fieldManager: 'kubectl' });
      await eventually('it is told', async () =>
        (await stage.events()).some(
          ({ reason, note }) =>
            reason === 'ReplicasHandedOver' &&
            note === 'left the replicas of Deployment quick-web to HorizontalPodAutoscaler quick',
        ),
      );
      await letGo('quick');
    });

    it('are left to a real HPA of the resource itself, from the beginning', async () => {
      await want('own', { role: 'scaled', replicas: 7 });
      await hasReplicas('own', 4);
      await want('own', { role: 'scaled', replicas: 2, image: 'app:2' });
      await eventually('the new template is there', async () => imageOf(await live('own')) === 'app:2');
      assert.equal(replicasOf(await live('own')), 4);
      assert.equal((await owners('own')).includes('operator'), false);
      // No server of metrics is there to ask.
      const { status } = await stage.ready('own');
      const trouble = /HorizontalPodAutoscaler own-web: .*metrics/;
      await eventually('the trouble of the autoscaler is told as its own', async () =>
        (await stage.events()).some(
          ({ reason, note }) => reason === 'AutoscalerFailed' && trouble.test(note ?? ''),
        ),
      );
      assert.notEqual(status?.conditions.find(({ type }) => type === 'Stalled')?.status, 'True');
      await stage.until(
        'Ready says what is wrong with the autoscaler',
        ({ conditions }) =>
          conditions.some(
            ({ type, status: said, message }) => type === 'Ready' && said === 'True' && trouble.test(message),
          ),
        'own',
      );
    });

    it('are taken back by the resource when it no longer wants its HPA', async () => {
      await want('former', { role: 'scaled' });
      await hasReplicas('former', 4);
      await using seen = await ReplicasSeen.of(stage.api, ref('former'));
      await want('former', { replicas: 6 });
      await hasReplicas('former', 6);
      await stage.ready('former');
      assert.deepEqual(await seen.values(), [4, 6]);
      assert.equal(
        await stage.api.get(stage.ref('HorizontalPodAutoscaler', 'former-web', 'autoscaling')),
        undefined,
      );
    });

    it('are let go when the resource no longer asks for any', async () => {
      await want('absent', { replicas: 4 });
      await stage.ready('absent');
      await using seen = await ReplicasSeen.of(stage.api, ref('absent'));
      await want('absent', {});
      await letGo('absent');
      await scale('absent', 2, 'kubectl');
      await stage.ready('absent');
      assert.deepEqual(await seen.values(), [4, 2]);
    });

    it('are left to whoever the annotation names, and come back when it is taken away', async () => {
      await want('named', { replicas: 3 });
      await stage.ready('named');
      const annotate = (annotations: Readonly<Record<string, string>>): Promise<unknown> =>
        stage.api.apply(
          {
            apiVersion: 'apps/v1',
            kind: 'Deployment',
            metadata: { name: 'named-web', namespace: stage.namespace, annotations },
          },
          { fieldManager: 'scaler' },
        );
      await annotate({ [ANNOTATIONS.scaledBy]: 'the night shift' });
      await letGo('named');
      await scale('named', 1, 'scaler');
      await want('named', { replicas: 3, image: 'app:2' });
      await eventually('the new template is there', async () => imageOf(await live('named')) === 'app:2');
      assert.equal(replicasOf(await live('named')), 1);
      await annotate({});
      await hasReplicas('named', 3);
    });

    it('are put back when a person scales, and the event names who', async () => {
      await want('human', { replicas: 3 });
      await stage.ready('human');
      await scale('human', 9, 'kubectl');
      await hasReplicas('human', 3);
      await eventually('it is told', async () =>
        (await stage.events()).some(
          ({ reason, note }) => reason === 'DriftRepaired' && /Deployment human-web.*kubectl/.test(note),
        ),
      );
    });

    it('stay as a person sets them where the workload yields, until they are as planned again', async () => {
      await want('yielding', { role: 'yields', replicas: 3 });
      await stage.ready('yielding');
      await using seen = await ReplicasSeen.of(stage.api, ref('yielding'));
      await scale('yielding', 0, 'kubectl');
      await want('yielding', { role: 'yields', replicas: 3, image: 'app:2' });
      await eventually('the new template is there', async () => imageOf(await live('yielding')) === 'app:2');
      await stage.ready('yielding');
      await scale('yielding', 3, 'kubectl');
      await eventually('it is ours again', async () => (await owners('yielding')).includes('operator'));
      assert.deepEqual(await seen.values(), [3, 0, 3]);
    });

    it('grow before the pods change and shrink after, in two writes', async () => {
      await want('steps', { replicas: 2 });
      await stage.ready('steps');
      await using seen = await ReplicasSeen.of(stage.api, ref('steps'));
      const generation = async (): Promise<number> => (await live('steps')).metadata.generation ?? 0;
      const before = await generation();
      await want('steps', { replicas: 4, image: 'app:2' });
      await eventually('both are there', async () => imageOf(await live('steps')) === 'app:2');
      assert.equal(replicasOf(await live('steps')), 4);
      await stage.ready('steps');
      assert.equal(await generation(), before + 2);
      await want('steps', { replicas: 1, image: 'app:3' });
      await hasReplicas('steps', 1);
      assert.equal(imageOf(await live('steps')), 'app:3');
      await stage.ready('steps');
      assert.equal(await generation(), before + 4);
      assert.deepEqual(await seen.values(), [2, 4, 1]);
    });
  });

  it('are claimed by one of two resources that scale at one moment, and the other is refused by its name', async () => {
    await want('claimed', { replicas: 2 });
    await stage.ready('claimed');
    const { api, operator, namespace } = stage;
    const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'claimed-web' };
    const { signal } = new AbortController();
    const named = (name: string): Scaling =>
      new Scaling(
        { api, operator, log: SILENT },
        { apiVersion: 'toy.dev/v1', kind: 'Scaler', metadata: { name, namespace } },
        signal,
      );
    const [one, two] = [named('one'), named('two')];
    for (let round = 0; round < 5; round++) {
      const both = await Promise.allSettled([one.scale(target, 4), two.scale(target, 7)]);
      const refused = both.filter((each) => each.status === 'rejected').map(({ reason }) => String(reason));
      const isOne = both[0].status === 'fulfilled';
      assert.deepEqual(refused, [
        `Error: Deployment claimed-web is scaled by Scaler ${isOne ? 'one' : 'two'}; let one of the two go`,
      ]);
      assert.equal(replicasOf(await live('claimed')), isOne ? 4 : 7);
      await one.release(target);
      await two.release(target);
    }
  });

  it("are handed over to KEDA's ScaledObject, which names no kind for a Deployment, and taken back", async () => {
    await installScaledObjects(stage);
    // A kind that came after the bridge is found at its next start, or within its resync.
    await stage.stop();
    await stage.start();
    await want('keda', { replicas: 3 });
    await stage.ready('keda');
    await using seen = await ReplicasSeen.of(stage.api, ref('keda'));
    const scaled = {
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'ScaledObject',
      metadata: { name: 'keda', namespace: stage.namespace },
      spec: { scaleTargetRef: { name: 'keda-web' } },
    };
    const { object } = await stage.api.apply(scaled, { fieldManager: 'kubectl' });
    await letGo('keda');
    await scale('keda', 0, 'keda');
    await want('keda', { replicas: 3, image: 'app:2' });
    await eventually('the new template is there', async () => imageOf(await live('keda')) === 'app:2');
    await stage.ready('keda');
    const scaledObject = stage.ref('ScaledObject', 'keda', 'keda.sh');
    await stage.api.remove(scaledObject, { uid: object.metadata.uid ?? '' });
    await hasReplicas('keda', 3);
    assert.deepEqual(await seen.values(), [3, 0, 3]);
  });

  it('that an autoscaler changed while nobody watched are left, and what a person changed is put back', async () => {
    await want('night', { replicas: 4 });
    await want('day', { replicas: 4 });
    await stage.ready('night');
    await stage.ready('day');
    await using seen = await ReplicasSeen.of(stage.api, ref('night'));
    await stage.stop();
    await stage.api.apply(hpaOf('night', 2), { fieldManager: 'kubectl' });
    await scale('night', 9);
    await scale('day', 9, 'kubectl');
    await stage.start();
    await hasReplicas('day', 4);
    await letGo('night');
    await stage.ready('night');
    assert.deepEqual(await seen.values(), [4, 9]);
  });
});
