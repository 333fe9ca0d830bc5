import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { FINALIZER } from '../../../core/labels.ts';
import type { ObjectRef } from '../../../core/refs.ts';
import { eventually } from '../../../testing/eventually.ts';
import { knobKind, knobOf, openKnobs, refOfKnob, wanting } from '../../support/knobs.ts';
import { installToyKind } from '../../support/toy-crd.ts';
import type { ToyStage } from '../../support/toy-stage.ts';
import { conditionOf } from '../../support/toy-stage.ts';

const FOREIGN = 'example.com/backup';

describe('a finalizer', { concurrency: true }, () => {
  const stages: ToyStage[] = [];
  after(() => Promise.all(stages.map((stage) => stage[Symbol.asyncDispose]())));

  async function open(): Promise<ToyStage> {
    const stage = await openKnobs();
    stages.push(stage);
    return stage;
  }

  it('of others on an object that is to go is named in the status with its object and since when, until it is gone', async () => {
    const stage = await open();
    const kind = knobKind(stage, 'Held');
    await installToyKind(stage.api, kind);
    await stage.want(wanting('1', kind));
    await stage.ready();
    const knob = refOfKnob((await knobOf(stage, kind)) ?? assert.fail('it is there'));
    await setFinalizers(stage, knob, [FOREIGN]);
    await stage.want(wanting('1'));
    const isNamed = (message = ''): boolean =>
      message.includes(`${kind} ${knob.name}`) &&
      message.includes(`held by the finalizer ${FOREIGN} since 20`);
    const { status } = await stage.until('the finalizer is named', (seen) =>
      isNamed(conditionOf(seen, 'Ready')?.message),
    );
    const [held, ...others] = status?.terminating ?? [];
    assert.deepEqual(others, []);
    assert.equal(held?.object, `${kind}.toy.dev/${knob.name}`);
    assert.deepEqual(held?.finalizers, [FOREIGN]);
    assert.equal(held?.since, (await stage.api.get(knob))?.metadata.deletionTimestamp);
    await remove(stage);
    await setFinalizers(stage, knob, []);
    await eventually('the resource goes', async () => (await stage.resource()) === undefined);
  });

  it('of others on a resource that is deleted is named in its status when nothing else is left', async () => {
    const stage = await open();
    await stage.want(wanting('1'));
    await stage.ready();
    const toy = stage.ref('Toy', 't1', 'toy.dev');
    await setFinalizers(stage, toy, [FINALIZER, FOREIGN]);
    await remove(stage);
    const said = `nothing is left; the resource is held by the finalizer ${FOREIGN} since 20`;
    const { status } = await stage.until('the finalizer is named', (seen) =>
      (conditionOf(seen, 'Ready')?.message ?? '').startsWith(said),
    );
    assert.deepEqual(
      status?.terminating?.map(({ object, finalizers }) => ({ object, finalizers })),
      [{ object: 'the resource itself', finalizers: [FOREIGN] }],
    );
    assert.equal(await stage.api.get(stage.ref('ConfigMap', 't1-config')), undefined);
    await setFinalizers(stage, toy, []);
    await eventually('the resource goes', async () => (await stage.resource()) === undefined);
  });

  it('of ours that is removed by hand is put back at once, and what a resource leaves behind without it is told', async () => {
    const stage = await open();
    const kind = knobKind(stage, 'Bare');
    await installToyKind(stage.api, kind, 'Cluster');
    await stage.want(wanting('1', kind));
    await stage.ready();
    const toy = stage.ref('Toy', 't1', 'toy.dev');
    const knob = refOfKnob((await knobOf(stage, kind)) ?? assert.fail('it is there'));
    await setFinalizers(stage, toy, []);
    await eventually('it is put back', async () =>
      (await stage.resource())?.metadata.finalizers?.includes(FINALIZER),
    );
    await stage.ready();
    await remove(stage, 'no time to put anything back');
    await eventually('an event names what is left', async () =>
      (await stage.events()).some(
        ({ reason, note }) => reason === 'LeftBehind' && note.includes(`${kind} ${knob.name}`),
      ),
    );
    const { metadata } = (await stage.api.get(knob)) ?? assert.fail('it is left');
    await stage.api.remove(knob, { uid: metadata.uid ?? '' });
  });
});

/** As a person or another controller does. */
async function setFinalizers(
  { api }: ToyStage,
  ref: ObjectRef,
  finalizers: readonly string[],
): Promise<void> {
  await api.patch(ref, [{ op: 'add', path: '/metadata/finalizers', value: finalizers }]);
}

/** Deletes the resource; `bare`: without its finalizer, while nobody is there to put it back. */
async function remove(stage: ToyStage, bare?: string): Promise<void> {
  const toy = stage.ref('Toy', 't1', 'toy.dev');
  if (bare) {
    await stage.stop();
    await setFinalizers(stage, toy, []);
  }
  const { metadata } = (await stage.resource()) ?? assert.fail();
  await stage.api.remove(toy, { uid: metadata.uid ?? '' });
  if (bare) await stage.start();
}
