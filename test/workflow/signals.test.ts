import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Hint } from '../../core/hint.ts';
import { configured, FOUR_ROLES } from '../support/toy-specs.ts';
import type { Actor } from '../support/workflow-lab.ts';
import { unversioned, versionIn } from '../support/versions.ts';
import { WorkflowLab } from '../support/workflow-lab.ts';

/** What stands in the end, without what differs between two resources. */
function outcome(toy: Actor): unknown {
  const objects = [...toy.objects].map(([key, { health, fields }]) => [
    unversioned([key])[0]?.replace(toy.ref.name, ''),
    health,
    fields,
  ]);
  const { conditions, ready, stage } = toy.status ?? {};
  return {
    objects: objects.toSorted(),
    conditions: conditions?.map(({ type, status, reason, message }) => [type, status, reason, message]),
    ready,
    stage,
  };
}

describe('signals', () => {
  let lab: WorkflowLab;
  before(async () => {
    lab = await WorkflowLab.open();
  });
  after(() => lab[Symbol.asyncDispose]());

  it('end in the same state when they are lost, doubled or swapped', async () => {
    const outcomes = await Promise.all(
      [deliver, doubled, swapped, lost].map(async (way) => {
        const toy = lab.actor();
        const send = toy.tell;
        await toy.want(FOUR_ROLES);
        toy.tell = way((hint) => Promise.resolve(send(hint)));
        await toy.want(configured(FOUR_ROLES, 'x'));
        await toy.want(configured(FOUR_ROLES, 'y'));
        toy.tell = send;
        await toy.signal({ resync: true });
        await toy.ready();
        return outcome(toy);
      }),
    );
    for (const each of outcomes) assert.deepEqual(each, outcomes[0]);
  });

  it('that say nothing new write nothing, and leave no timer', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    toy.calls.length = 0;
    const written = toy.statuses.length;
    await toy.tellResource();
    await toy.signal({ objects: [toy.workload('broker')] });
    await toy.signal({ resync: true });
    await toy.rests();
    assert.deepEqual([...new Set(toy.calls.map((call) => call.split(' ')[0]))].toSorted(), [
      'observeObjects',
      'planResource',
    ]);
    assert.equal(toy.statuses.length, written);
    (await toy.history()).noTimersWhenIdle();
  });

  it('about a resource that others took over by name begin anew', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    toy.resource = undefined;
    toy.objects.clear();
    await toy.want(configured(FOUR_ROLES, 'x'));
    await toy.ready();
    const uids = new Set(toy.calls.filter((call) => call.startsWith('applyWorkloads')));
    assert.equal(toy.status?.rollout?.trigger, 'Install');
    assert.equal(uids.size, 1);
    assert.equal(toy.objects.size, 12);
  });

  it('repair what somebody changed, once', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    toy.calls.length = 0;
    const config = versionIn(toy.objects.keys(), `ConfigMap/${toy.ref.name}-broker-config`);
    toy.edit(config);
    await toy.signal({ objects: [config] });
    await toy.until('the repair', () => toy.objects.get(config)?.fields === 'all');
    await toy.rests();
    assert.deepEqual(
      toy.calls.filter((call) => call.startsWith('apply')),
      [`applyConfigMaps ${config}`],
    );
    (await toy.history()).noTimersWhenIdle();
  });

  it('repair what somebody changed when the same look finds a newer spec of something else', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    const edited = `Service/${toy.ref.name}-broker`;
    toy.edit(edited);
    const { resource, tell } = toy;
    toy.tell = (hint) => tell({ ...hint, resync: true });
    await toy.want(configured(FOUR_ROLES, 'x', 'minion'));
    toy.tell = tell;
    assert.notEqual(toy.resource?.generation, resource?.generation);
    await toy.until('the repair', () => toy.objects.get(edited)?.fields === 'all');
    await toy.ready();
  });

  it('of edits that follow each other cost few applies of a stale plan, and end at the newest', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    let edits = 0;
    let stale = 0;
    const edit = (): Promise<void> => toy.want(configured(FOUR_ROLES, `edit ${++edits}`));
    toy.during.set('applyConfigMaps', async () => {
      stale++;
      await edit();
    });
    while (edits < 300) await edit();
    toy.during.clear();
    assert.ok(stale <= 10, `${stale} applies of a stale plan while there were ${edits} edits`);
    await toy.ready();
    const { generation } = toy.resource ?? {};
    assert.equal(toy.status?.observedGeneration, generation);
    assert.ok(
      toy.statuses.every(({ conditions }) => conditions.every(({ reason }) => reason !== 'PlanStale')),
    );
  });
});

type Send = (hint: Hint) => Promise<void>;

function deliver(send: Send): Send {
  return send;
}

function doubled(send: Send): Send {
  return async (hint) => {
    await send(hint);
    await send(hint);
  };
}

/** The first goes after the second. */
function swapped(send: Send): Send {
  let held: Hint | undefined;
  return async (hint) => {
    if (!held) return void (held = hint);
    await send(hint);
    await send(held);
  };
}

function lost(): Send {
  return () => Promise.resolve();
}
