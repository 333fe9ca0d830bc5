import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Awaited } from '../../../bridge/awaited.ts';
import { leanObject } from '../../../bridge/lean-objects.ts';
import type { OwnedObject } from '../../../bridge/owned-objects.ts';
import type { HealthState } from '../../../core/health/health.ts';
import { workflowIdOf } from '../../../core/refs.ts';

const RESOURCE = {
  group: 'toy.dev',
  version: 'v1',
  kind: 'Toy',
  plural: 'toys',
  namespace: 'n',
  name: 't1',
};
const LONG = { atMostMs: 60_000, signal: new AbortController().signal };

function workload(uid: string, generation: number, state: HealthState): OwnedObject {
  const manifest = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: uid, uid, generation } };
  const lean = leanObject(manifest, { name: 'op', group: 'toy.dev', kind: 'Toy' }, false);
  const verdict = { state, reason: '', message: '' };
  return { lean, owner: 'resource', generation, applied: lean.applied, develops: true, verdict };
}

/** What was last heard of each object, and those who wait. */
class Stage {
  readonly heard = new Map<string, OwnedObject>();
  readonly awaited = new Awaited((uid) => this.heard.get(uid));

  hear(news: Parameters<Awaited['take']>[0], object: OwnedObject): boolean {
    this.heard.set(object.lean.uid, object);
    return this.awaited.take(news, object);
  }
}

const states = (verdicts: ReadonlyMap<string, { readonly state: HealthState }>): string[] =>
  Array.from(verdicts, ([uid, { state }]) => `${uid} ${state}`);

describe('a wait for what was applied', () => {
  it('ends when the last object is Current, and what it waited for is told to nobody else', async () => {
    const stage = new Stage();
    const applied = ['b', 'c'].map((uid) => ({ uid, generation: 2 }));
    const wait = stage.awaited.untilCurrent(RESOURCE, applied, LONG);
    assert.equal(stage.hear('Turned', workload('b', 2, 'Current')), true);
    assert.equal(stage.hear('Turned', workload('c', 2, 'Current')), true);
    assert.deepEqual(states(await wait), ['b Current', 'c Current']);
    assert.equal(stage.hear('Turned', workload('c', 2, 'Current')), false);
  });

  it('is over at once when all is Current already', async () => {
    const stage = new Stage();
    stage.heard.set('b', workload('b', 2, 'Current'));
    assert.deepEqual(
      states(await stage.awaited.untilCurrent(RESOURCE, [{ uid: 'b', generation: 2 }], LONG)),
      ['b Current'],
    );
  });

  it('takes no verdict of an older generation for that of what was applied', async () => {
    const stage = new Stage();
    stage.heard.set('b', workload('b', 1, 'Current'));
    const wait = stage.awaited.untilCurrent(RESOURCE, [{ uid: 'b', generation: 2 }], LONG);
    stage.hear('Turned', workload('b', 1, 'Current'));
    stage.awaited.interrupt(workflowIdOf(RESOURCE));
    assert.deepEqual(states(await wait), []);
  });

  it('ends when an object fails, is deleted or is changed by somebody, and the workflow hears of it too', async () => {
    for (const [news, state] of [
      ['Turned', 'Failed'],
      ['Gone', 'Terminating'],
      ['Deviates', 'InProgress'],
    ] as const) {
      const stage = new Stage();
      const wait = stage.awaited.untilCurrent(RESOURCE, [{ uid: 'b', generation: 2 }], LONG);
      assert.equal(stage.hear(news, workload('b', 2, state)), false);
      assert.deepEqual(states(await wait), [`b ${state}`]);
    }
  });

  it('goes on while an object is on its way, and tells what it waits for when time is up', async () => {
    const stage = new Stage();
    const soon = { ...LONG, atMostMs: 5 };
    const wait = stage.awaited.untilCurrent(RESOURCE, [{ uid: 'b', generation: 2 }], soon);
    assert.equal(stage.hear('Lingers', workload('b', 2, 'InProgress')), false);
    assert.deepEqual(states(await wait), ['b InProgress']);
  });

  it('ends with the activity that waits', async () => {
    const stage = new Stage();
    const activity = new AbortController();
    const wait = stage.awaited.untilCurrent(RESOURCE, [{ uid: 'b', generation: 2 }], {
      ...LONG,
      signal: activity.signal,
    });
    activity.abort();
    assert.deepEqual(states(await wait), []);
  });

  it('ends when nothing is watched any more', async () => {
    const stage = new Stage();
    const wait = stage.awaited.untilCurrent(RESOURCE, [{ uid: 'b', generation: 2 }], LONG);
    stage.awaited.stop();
    assert.deepEqual(states(await wait), []);
    assert.deepEqual(
      states(await stage.awaited.untilCurrent(RESOURCE, [{ uid: 'b', generation: 2 }], LONG)),
      [],
    );
  });

  it('is of no interest to other resources', () => {
    const stage = new Stage();
    void stage.awaited.untilCurrent(RESOURCE, [{ uid: 'b', generation: 2 }], LONG);
    stage.awaited.interrupt('toys.toy.dev/n/another');
    assert.equal(stage.hear('Turned', workload('x', 1, 'Current')), false);
    stage.awaited.interrupt(workflowIdOf(RESOURCE));
  });
});

describe('a wait for what was deleted', () => {
  const gone = (uid: string): OwnedObject => workload(uid, 1, 'Terminating');

  it('ends when the last object is gone, and what it waited for is told to nobody else', async () => {
    const stage = new Stage();
    for (const uid of ['b', 'c']) stage.hear('Turned', workload(uid, 1, 'Current'));
    const wait = stage.awaited.untilGone(RESOURCE, ['b', 'c'], LONG);
    assert.equal(stage.hear('Left', gone('b')), false);
    assert.equal(stage.hear('Gone', gone('b')), true);
    assert.equal(stage.hear('Gone', gone('c')), true);
    assert.deepEqual([...(await wait)], ['b', 'c']);
    assert.equal(stage.hear('Gone', gone('c')), false);
  });

  it('ends without what takes its time, whose going is told', async () => {
    const stage = new Stage();
    for (const uid of ['b', 'c']) stage.hear('Turned', workload(uid, 1, 'Current'));
    const ended = new AbortController();
    const wait = stage.awaited.untilGone(RESOURCE, ['b', 'c'], { ...LONG, signal: ended.signal });
    stage.hear('Gone', gone('b'));
    ended.abort();
    assert.deepEqual([...(await wait)], ['b']);
    assert.equal(stage.hear('Gone', gone('c')), false);
  });

  it('is over at once for what nothing is known of: nothing would be heard', async () => {
    assert.equal((await new Stage().awaited.untilGone(RESOURCE, ['b'], LONG)).size, 0);
  });
});
