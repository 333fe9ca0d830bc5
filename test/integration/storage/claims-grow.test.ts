/** Storage that grows, and StatefulSets whose shape changes, on a real API server: no pod restarts and no claim is lost. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Manifest } from '../../../core/manifest.ts';
import { readText } from '../../../core/health/read.ts';
import { eventually } from '../../../testing/eventually.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { TWO_ROLES } from '../../support/toy-operator.ts';
import { ToyStage } from '../../support/toy-stage.ts';

function sized(storage: string, over: Partial<ToySpec['nodes'][number]> = {}): ToySpec {
  return { ...TWO_ROLES, nodes: TWO_ROLES.nodes.map((node) => ({ ...node, replicas: 2, storage, ...over })) };
}

describe('storage', () => {
  let stage: ToyStage;
  before(async () => {
    stage = await ToyStage.open();
  });
  after(() => stage[Symbol.asyncDispose]());

  async function list(kind: string, name: string): Promise<readonly Manifest[]> {
    const { items } = await stage.api.list(
      { group: '', kind },
      { namespace: stage.namespace, labelSelector: `app.kubernetes.io/instance=${name}` },
    );
    return items.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  }

  /** Name, uid and restarts of each pod. */
  async function pods(name: string): Promise<readonly string[]> {
    return (await list('Pod', name)).map(({ metadata }) => `${metadata.name} ${metadata.uid}`);
  }

  async function sizes(name: string): Promise<readonly string[]> {
    return (await list('PersistentVolumeClaim', name)).map(
      (claim) => `${claim.metadata.name} ${readText(claim, 'status', 'capacity', 'storage')}`,
    );
  }

  it('grows the claims of StatefulSets: each pod is the one it was, and the StatefulSet asks for the new size', async () => {
    await stage.want(sized('1Gi'), 'grown');
    await stage.ready('grown');
    const running = await pods('grown');
    await stage.want(sized('3Gi'), 'grown');
    await stage.ready('grown');
    assert.deepEqual(await pods('grown'), running);
    assert.deepEqual(await sizes('grown'), [
      'data-grown-b-0 3Gi',
      'data-grown-b-1 3Gi',
      'data-grown-c-0 3Gi',
      'data-grown-c-1 3Gi',
    ]);
    const live = await stage.api.get(stage.ref('StatefulSet', 'grown-b', 'apps'));
    const [template] = Object(live?.['spec']).volumeClaimTemplates;
    assert.equal(template.spec.resources.requests.storage, '3Gi');
    assert.equal(await stage.api.get(stage.ref('ConfigMap', 'grown-b.recreation')), undefined);
    await eventually('it was told', async () =>
      (await stage.events()).some(
        ({ reason, note }) => reason === 'Recreated' && note.includes('2 pods adopted, none restarted'),
      ),
    );
  });
});
