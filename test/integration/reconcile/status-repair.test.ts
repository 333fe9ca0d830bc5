import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ResourceStatus } from '../../../core/status/resource-status.ts';
import { COMMANDS } from '../../../core/labels.ts';
import { eventually } from '../../../testing/eventually.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';

/** Several periods pass while a test watches that nothing happens. */
const RESYNC = '300 ms';

const ONE_ROLE = withImage('example.org/toy:1');

function withImage(image: string): ToySpec {
  return { order: [], nodes: [{ name: 'one', role: 'one', config: 'a', image }] };
}

describe('a status', () => {
  let stage: ToyStage;
  before(async () => {
    stage = await ToyStage.open();
    await stage.stop();
    await stage.start({ resyncPeriod: RESYNC });
  });
  after(() => stage[Symbol.asyncDispose]());

  /** Writes a status as another program would. */
  async function overwrite(name: string, status: unknown, fieldManager = 'meddler'): Promise<void> {
    const { apiVersion, kind, metadata } = (await stage.resource(name)) ?? assert.fail();
    const place = { name, namespace: stage.namespace, uid: metadata.uid ?? '' };
    await stage.api.apply(
      { apiVersion, kind, metadata: place, status },
      { fieldManager, subresource: 'status' },
    );
  }

  const withReady = (status: ResourceStatus, word: 'True' | 'False'): ResourceStatus => ({
    ...status,
    conditions: status.conditions.map((each) =>
      each.type === 'Ready' ? { ...each, status: word, message: 'changed by another program' } : each,
    ),
  });

  /** Messages may tell of more restarts by now. */
  const wordsOf = (status: ResourceStatus | undefined): unknown =>
    status?.conditions.map(({ type, status: word, reason }) => [type, word, reason]);

  async function isRepaired(name: string, before: ResourceStatus): Promise<void> {
    await eventually(`the status of ${name} is as it was`, async () => {
      const status = (await stage.resource(name))?.status;
      return JSON.stringify(wordsOf(status)) === JSON.stringify(wordsOf(before)) && status;
    });
  }

  it('that another program changed is written again, with an event that names the program', async () => {
    await stage.want(ONE_ROLE, 'changed');
    const { status } = await stage.ready('changed');
    assert.ok(status);
    await overwrite('changed', withReady(status, 'False'));
    await isRepaired('changed', status);
    const note = await eventually(
      'the event',
      async () =>
        (await stage.events()).find(
          ({ reason, regarding }) => reason === 'StatusOverwritten' && regarding.name === 'changed',
        )?.note,
    );
    assert.match(note, /^meddler changed the status; it is written again$/);
  });

  it('that says Ready although it is not is written again', async () => {
    await stage.want(withImage('example.org/toy:crash'), 'false');
    const { status } = await stage.stalled('WorkloadFailed', 'false');
    assert.ok(status);
    await overwrite('false', withReady(status, 'True'));
    await isRepaired('false', status);
  });

  it('of any JSON is survived and written again', async () => {
    const odd: readonly object[] = [
      { inventory: 7, references: [{}, 'x', null] },
      { inventory: { kinds: 'all', externals: 3 }, routine: null },
      { rollout: [], history: 'long', memory: { good: 1 }, references: [{ object: 'x', seen: 1 }] },
    ];
    for (const [index, status] of odd.entries()) {
      const name = `odd-${index}`;
      await stage.want(ONE_ROLE, name);
      const { status: before } = await stage.ready(name);
      assert.ok(before);
      await overwrite(name, { ...before, ...status });
      await isRepaired(name, before);
    }
  });

  it('costs nothing at a resync at which nothing has changed, whatever it says', async () => {
    await stage.want(ONE_ROLE, 'calm');
    await stage.ready('calm');
    await stage.want(ONE_ROLE, 'held');
    await stage.ready('held');
    await stage.api.patch(stage.ref(stage.operator.resource.kind, 'held', 'toy.dev'), [
      { op: 'add', path: '/metadata/annotations', value: { [COMMANDS.pause]: 'true' } },
    ]);
    await stage.want(withImage('example.org/toy:2'), 'held');
    await stage.until('it is paused', (status) => conditionOf(status, 'Paused') !== undefined, 'held');
    // The first resync after a change may ask once more.
    await eventually('rest', async () => {
      const before = await lengths();
      await sleep(1_500);
      return JSON.stringify(await lengths()) === JSON.stringify(before);
    });
    const before = await lengths();
    await sleep(2_000);
    assert.deepEqual(await lengths(), before);
  });

  async function lengths(): Promise<readonly number[]> {
    return [await stage.historyLength('calm'), await stage.historyLength('held')];
  }

  it('is not changed by a write that was sent before a newer one', async () => {
    await stage.want(ONE_ROLE, 'late');
    const { status, metadata } = await stage.ready('late');
    assert.ok(status);
    const { apiVersion, kind } = (await stage.resource('late')) ?? assert.fail();
    await overwrite('late', withReady(status, 'False'));
    await isRepaired('late', status);
    const { name, namespace, uid, resourceVersion } = metadata;
    const place = {
      name,
      ...(namespace ? { namespace } : {}),
      uid: uid ?? '',
      resourceVersion: resourceVersion ?? '',
    };
    await assert.rejects(
      stage.api.apply(
        { apiVersion, kind, metadata: place, status: withReady(status, 'False') },
        { fieldManager: `${stage.operator.name}-status`, subresource: 'status' },
      ),
      { reason: 'Conflict' },
    );
  });
});
