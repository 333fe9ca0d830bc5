import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../../../testing/eventually.ts';
import { sized, StorageView } from '../../support/storage-view.ts';
import { ToyStage } from '../../support/toy-stage.ts';

describe('the claims of a StatefulSet', () => {
  let stage: ToyStage;
  let view: StorageView;
  before(async () => {
    stage = await ToyStage.open();
    view = new StorageView(stage);
  });
  after(() => stage[Symbol.asyncDispose]());

  async function deleted(name: string): Promise<void> {
    const uid = (await stage.resource(name))?.metadata.uid ?? '';
    await stage.api.remove(stage.ref('Toy', name, 'toy.dev'), { uid });
    // The garbage collector may need half a minute to hear of a kind that was just installed.
    await eventually(
      'the resource and its pods are gone',
      async () => (await view.pods(name)).length === 0 && !(await stage.resource(name)),
    );
  }

  it('stay when their pods are scaled away, and when the resource is deleted', async () => {
    await stage.want(sized('1Gi', { replicas: 2 }), 'kept');
    await stage.ready('kept');
    const claims = await view.uidsOfClaims('kept');
    await stage.want(sized('1Gi', { replicas: 1 }), 'kept');
    await stage.ready('kept');
    await deleted('kept');
    assert.deepEqual(await view.uidsOfClaims('kept'), claims);
  });

  it('go with their pods and with the resource where they are not to be retained', async () => {
    await stage.want(sized('1Gi', { replicas: 2, retainStorage: false }), 'given');
    await stage.ready('given');
    await stage.want(sized('1Gi', { replicas: 1, retainStorage: false }), 'given');
    await eventually(
      'the claim of the second pod is gone',
      async () => (await view.sizes('given')).join() === 'data-given-b-0 1Gi',
    );
    await deleted('given');
    await eventually('no claim is left', async () => (await view.sizes('given')).length === 0);
  });

  it('stay through a recreation also where they are not to be retained', async () => {
    await stage.want(sized('1Gi', { retainStorage: false }), 'grown');
    await stage.ready('grown');
    const [claims, pods] = [await view.uidsOfClaims('grown'), await view.pods('grown')];
    await stage.want(sized('2Gi', { retainStorage: false }), 'grown');
    await stage.ready('grown');
    assert.deepEqual(await view.uidsOfClaims('grown'), claims);
    assert.deepEqual(await view.pods('grown'), pods);
    assert.deepEqual(await view.sizes('grown'), ['data-grown-b-0 2Gi', 'data-grown-b-1 2Gi']);
  });

  it('become retained, or not, in place', async () => {
    await stage.want(sized('1Gi'), 'turned');
    await stage.ready('turned');
    const before = await view.statefulSet('turned-b');
    await stage.want(sized('1Gi', { retainStorage: false }), 'turned');
    await stage.ready('turned');
    const after = await view.statefulSet('turned-b');
    assert.equal(after?.metadata.uid, before?.metadata.uid);
    assert.deepEqual(Object(after?.['spec']).persistentVolumeClaimRetentionPolicy, {
      whenDeleted: 'Delete',
      whenScaled: 'Delete',
    });
  });
});
