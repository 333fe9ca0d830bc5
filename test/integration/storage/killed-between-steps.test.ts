import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { readMany, readText } from '../../../core/health/read.ts';
import type { Manifest } from '../../../core/manifest.ts';
import { sized, StorageView } from '../../support/storage-view.ts';
import type { KubernetesApi } from '../../../kubernetes/api.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { Death, mortal } from '../../support/mortal-api.ts';
import { ReshapeStage } from '../../support/reshape-stage.ts';
import { ToyStage } from '../../support/toy-stage.ts';

const MOST_CHANGES = 12;

/** The worker dies just before and just after each change it makes to the API server; another goes on from what is there. */
describe('a StatefulSet that gets another shape, its worker killed', () => {
  let stage: ToyStage;
  let view: StorageView;
  before(async () => {
    stage = await ToyStage.open();
    view = new StorageView(stage);
  });
  after(() => stage[Symbol.asyncDispose]());

  async function claims(name: string): Promise<readonly string[]> {
    const live = await view.list('PersistentVolumeClaim', name);
    return live.map((claim) => `${claim.metadata.uid} ${readText(claim, 'status', 'capacity', 'storage')}`);
  }

  /** Ready, and then without its program. */
  async function left(name: string, spec: ToySpec): Promise<ReshapeStage> {
    await stage.start();
    await stage.want(spec, name);
    await stage.ready(name);
    await stage.stop();
    return new ReshapeStage(stage, name, 'b');
  }

  /** All but what must be another: uid, versions, times, and the size. */
  function likeness(manifest: Manifest | undefined): unknown {
    assert.ok(manifest, 'it is there');
    const {
      uid: _1,
      resourceVersion: _2,
      generation: _3,
      creationTimestamp: _4,
      ...metadata
    } = manifest.metadata;
    const managedFields = metadata.managedFields
      ?.filter(({ subresource }) => subresource !== 'status')
      .map(({ time: _, ...entry }) => entry);
    const { volumeClaimTemplates: _5, ...spec } = Object(manifest['spec']);
    return { metadata: { ...metadata, managedFields }, spec };
  }

  it('gets another disk in every pod whenever it dies, and keeps its claims and the fields of others', async () => {
    await stage.stop();
    const node = (count: number): ToySpec => {
      const names = Array.from({ length: count }, (_, index) => [`disk${index}`, '1Gi'] as const);
      return sized('1Gi', { disks: Object.fromEntries(names) });
    };
    const reshaping = await left('disks', node(0));
    await stage.api.apply(
      {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: { name: 'disks-b', namespace: stage.namespace, annotations: { note: 'mine' } },
        spec: { minReadySeconds: 0 },
      },
      { fieldManager: 'somebody' },
    );
    const data = await view.uidsOfClaims('disks');
    let deaths = 0;
    for (let at = 1; at <= MOST_CHANGES; at++) {
      await stage.want(node(at), 'disks');
      const worker = mortal(stage.api, { at, when: 'after' });
      const lived = async (api: KubernetesApi): Promise<void> => {
        assert.equal((await reshaping.run(api)).kind, 'done');
        await reshaping.replacePods(api);
      };
      await lived(worker.api).catch((error: unknown) => {
        assert.ok(error instanceof Death || String(error).includes('Death'), String(error));
      });
      await lived(stage.api);
      for (const pod of await view.list('Pod', 'disks')) {
        const claims = readMany(pod, 'spec', 'volumes').filter((each) => Object(each).persistentVolumeClaim);
        assert.equal(claims.length, at + 1, `${pod.metadata.name}, dead at change ${at}`);
      }
      assert.equal((await view.list('Pod', 'disks')).length, 2);
      const uids = await view.uidsOfClaims('disks');
      assert.ok(data.every((uid) => uids.includes(uid)));
      const { annotations } = (await reshaping.live())?.metadata ?? {};
      assert.equal(annotations?.['note'], 'mine', `dead at change ${at}`);
      assert.equal(await stage.api.get(stage.ref('ConfigMap', 'disks-b.recreation')), undefined);
      if (!worker.died) break;
      deaths++;
    }
    assert.ok(deaths >= 8 && deaths < MOST_CHANGES, `it died ${deaths} times`);
  });

  for (const when of ['before', 'after'] as const)
    it(`has the same end when it dies just ${when} any of its changes: the same pods, the same claims, the same owners`, async () => {
      const name = `killed-${when}`;
      await stage.stop();
      const reshaping = await left(name, sized('1Gi'));
      // Somebody else owns a field, and the replicas are another number than was asked for.
      await stage.api.apply(
        {
          apiVersion: 'apps/v1',
          kind: 'StatefulSet',
          metadata: { name: `${name}-b`, namespace: stage.namespace, annotations: { note: 'mine' } },
          spec: { template: { metadata: { annotations: { note: 'mine' } } } },
        },
        { fieldManager: 'somebody' },
      );
      await stage.start();
      await stage.ready(name);
      await stage.stop();
      const [running, data] = [await view.pods(name), await view.uidsOfClaims(name)];
      const former = likeness(await reshaping.live());
      let deaths = 0;
      for (let at = 1; at <= MOST_CHANGES; at++) {
        await stage.want(sized(`${at + 1}Gi`), name);
        const worker = mortal(stage.api, { at, when });
        await reshaping.run(worker.api).catch((error: unknown) => {
          assert.ok(error instanceof Death || String(error).includes('Death'), String(error));
        });
        assert.equal((await reshaping.run(stage.api)).kind, 'done');
        assert.deepEqual(await view.pods(name), running, `pods, dead at change ${at}`);
        assert.deepEqual(
          await claims(name),
          data.map((uid) => `${uid} ${at + 1}Gi`),
          `claims, dead at change ${at}`,
        );
        assert.deepEqual(likeness(await reshaping.live()), former, `StatefulSet, dead at change ${at}`);
        assert.equal(await stage.api.get(stage.ref('ConfigMap', `${name}-b.recreation`)), undefined);
        if (!worker.died) break;
        deaths++;
      }
      assert.ok(deaths >= 6 && deaths < MOST_CHANGES, `it died ${deaths} times`);
    });
});
