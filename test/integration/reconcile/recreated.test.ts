import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LABELS } from '../../../core/labels.ts';
import type { Manifest } from '../../../core/manifest.ts';
import { StatusError } from '../../../kubernetes/status-error.ts';
import { eventually } from '../../../testing/eventually.ts';
import { TWO_ROLES } from '../../support/toy-operator.ts';
import { configured } from '../../support/toy-specs.ts';
import { ToyStage } from '../../support/toy-stage.ts';

const LIVES = 15;
const KINDS = [
  { group: 'apps', kind: 'StatefulSet' },
  { group: 'apps', kind: 'ControllerRevision' },
  { group: '', kind: 'Service' },
  { group: '', kind: 'ConfigMap' },
];

/** As somebody in a hurry deletes a resource: without waiting for whoever holds it. */
async function deleteByForce(stage: ToyStage, { metadata: { name, uid = '' } }: Manifest): Promise<void> {
  const ref = stage.ref('Toy', name, 'toy.dev');
  await stage.api.remove(ref, { uid });
  await eventually('it is gone', async () => {
    const live = await stage.api.get(ref);
    if (live?.metadata.uid !== uid) return true;
    try {
      await stage.api.patch(ref, [
        { op: 'test', path: '/metadata/uid', value: uid },
        { op: 'remove', path: '/metadata/finalizers' },
      ]);
    } catch (error) {
      // It has none, or is gone by now.
      if (!(error instanceof StatusError) || error.isTransient) throw error;
    }
    return false;
  });
}

describe('a resource that is deleted by force and made again at once under its name, again and again', () => {
  it('ends as its last life asks for, and nothing of a former life is left', async () => {
    await using stage = await ToyStage.open();
    for (let life = 1; life < LIVES; life++) {
      const made = await stage.want(configured(TWO_ROLES, `${life}`));
      // Some lives are whole, some end in the middle of something, some before anybody saw them.
      if (life % 3 === 0) await stage.ready('t1');
      if (life % 3 === 1) await eventually('it is begun', () => stage.api.get(stage.ref('Service', 't1-c')));
      await deleteByForce(stage, made);
    }
    const { metadata } = await stage.want(configured(TWO_ROLES, 'last'));
    await stage.ready('t1');
    await eventually('only what is of this life is there', async () => {
      for (const kind of KINDS) {
        const { items } = await stage.api.list(kind, { namespace: stage.namespace });
        const others = items.filter(({ metadata: { labels = {}, ownerReferences = [] } }) => {
          const owner = labels[LABELS.resource] ?? labels[LABELS.revisionOf];
          const owners = ownerReferences.filter(({ kind: word }) => word === 'Toy').map(({ uid }) => uid);
          return [...owners, ...(owner ? [owner] : [])].some((uid) => uid !== metadata.uid);
        });
        if (others.length > 0) return false;
      }
      return true;
    });
    const { data } = (await stage.versionOf('t1-b-config')) as Manifest & { data: Record<string, string> };
    assert.equal(data['node.conf'], 'last');
    const { status } = await stage.ready();
    assert.equal(status?.memory?.good?.generation, 1, 'no former life is remembered');
    assert.equal(status?.history, undefined);
  });
});
