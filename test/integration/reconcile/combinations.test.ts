import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { COMMANDS } from '../../../core/labels.ts';
import type { Manifest } from '../../../core/manifest.ts';
import { sized, StorageView } from '../../support/storage-view.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { toyOperator } from '../../support/toy-operator.ts';
import { ToyStage } from '../../support/toy-stage.ts';

const GOOD = 'example.org/toy:1';
const BETTER = 'example.org/toy:2';
const CRASHING = 'example.org/toy:crash';

/** What `spec.template.spec.containers[0].image` of a workload or `spec.containers[0].image` of a pod says. */
function imageOf(object: Manifest | undefined): string {
  const spec = Object(object?.['spec']);
  return (spec.template?.spec ?? spec).containers?.[0]?.image ?? '';
}

async function rollBack(stage: ToyStage, name: string, generation: number): Promise<void> {
  await stage.api.apply(
    {
      apiVersion: 'toy.dev/v1',
      kind: 'Toy',
      metadata: {
        name,
        namespace: stage.namespace,
        annotations: { [COMMANDS.rollback]: String(generation) },
      },
    },
    { fieldManager: 'somebody' },
  );
}

describe('a rollback', () => {
  let stage: ToyStage;
  let view: StorageView;
  before(async () => {
    stage = await ToyStage.open();
    view = new StorageView(stage);
  });
  after(() => stage[Symbol.asyncDispose]());

  it('keeps claims as large as they have become, and puts back the pods', async () => {
    await stage.want(sized('1Gi', { image: GOOD }), 'grown');
    await stage.ready('grown');
    const { metadata } = await stage.want(sized('2Gi', { image: CRASHING }), 'grown');
    await stage.stalled('WorkloadFailed', 'grown');
    const claims = await view.uidsOfClaims('grown');
    await rollBack(stage, 'grown', metadata.generation ?? 0);
    await stage.stalled('RolledBack', 'grown');
    const live = await view.statefulSet('grown-b');
    assert.equal(imageOf(live), GOOD);
    const [template] = Object(live?.['spec']).volumeClaimTemplates;
    assert.equal(template.spec.resources.requests.storage, '2Gi');
    assert.deepEqual(await view.sizes('grown'), ['data-grown-b-0 2Gi', 'data-grown-b-1 2Gi']);
    assert.deepEqual(await view.uidsOfClaims('grown'), claims);
    await stage.want(sized('2Gi', { image: BETTER }), 'grown');
    await stage.ready('grown');
    assert.equal(imageOf(await view.statefulSet('grown-b')), BETTER);
  });

  it('is not undone by a Secret of others that is rotated meanwhile, which the next generation takes up', async () => {
    const secret = async (password: string): Promise<void> => {
      await stage.api.apply(
        {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: 'login', namespace: stage.namespace },
          data: { password: Buffer.from(password).toString('base64') },
        },
        { fieldManager: 'somebody' },
      );
    };
    const wanted = (image: string): ToySpec => ({
      order: ['broker'],
      nodes: [{ name: 'b', role: 'broker', config: '1', secret: 'login', image }],
    });
    const template = async (): Promise<string> =>
      JSON.stringify(Object((await view.statefulSet('rotated-b'))?.['spec']).template);
    await secret('one');
    await stage.want(wanted(GOOD), 'rotated');
    await stage.ready('rotated');
    const good = await template();
    const { metadata } = await stage.want(wanted(CRASHING), 'rotated');
    await stage.stalled('WorkloadFailed', 'rotated');
    await Promise.all([rollBack(stage, 'rotated', metadata.generation ?? 0), secret('two')]);
    const { status } = await stage.stalled('RolledBack', 'rotated');
    const seen = JSON.stringify(status?.references);
    await secret('three');
    await stage.until(
      'the rotated Secret is seen',
      ({ references }) => JSON.stringify(references) !== seen,
      'rotated',
    );
    await stage.stalled('RolledBack', 'rotated');
    assert.equal(await template(), good);
    await stage.want(wanted(BETTER), 'rotated');
    await stage.ready('rotated');
    assert.equal(imageOf(await view.statefulSet('rotated-b')), BETTER);
    assert.equal(imageOf((await view.list('Pod', 'rotated'))[0]), BETTER);
  });
});

describe('a canary of a StatefulSet whose claims grow', () => {
  let gate: true | string = true;
  let stage: ToyStage;
  let view: StorageView;
  before(async () => {
    const watched = (): true | string => gate;
    stage = await ToyStage.open((name) => toyOperator({ name, canary: 1, gate: watched }));
    view = new StorageView(stage);
  });
  after(() => stage[Symbol.asyncDispose]());

  const images = async (): Promise<readonly string[]> => (await view.list('Pod', 'can')).map(imageOf);
  const wanted = (storage: string, image: string): ToySpec => sized(storage, { image, replicas: 3 });
  const atGate = (): Promise<unknown> =>
    stage.until(
      'the gate of the canary',
      ({ conditions }) => conditions.some(({ reason }) => reason === 'GateClosed'),
      'can',
    );

  it('changes one pod after they have grown, also when they grow again in its middle, and the others when the gate opens', async () => {
    await stage.want(wanted('1Gi', GOOD), 'can');
    await stage.ready('can');
    gate = 'latency is being compared';
    await stage.want(wanted('2Gi', BETTER), 'can');
    await atGate();
    assert.deepEqual(await images(), [GOOD, GOOD, BETTER]);
    assert.ok((await view.sizes('can')).every((size) => size.endsWith(' 2Gi')));
    const running = await view.pods('can');
    await stage.want(wanted('3Gi', BETTER), 'can');
    await atGate();
    assert.ok((await view.sizes('can')).every((size) => size.endsWith(' 3Gi')));
    assert.deepEqual(await view.pods('can'), running);
    gate = true;
    await stage.api.apply(
      {
        apiVersion: 'toy.dev/v1',
        kind: 'Toy',
        metadata: { name: 'can', namespace: stage.namespace, annotations: { [COMMANDS.retry]: 'now' } },
      },
      { fieldManager: 'somebody' },
    );
    await stage.ready('can');
    assert.deepEqual(await images(), [BETTER, BETTER, BETTER]);
  });
});
