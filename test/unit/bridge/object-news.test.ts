import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { CALM_MS, FREE_FLAPS, LONGEST_PAUSE_MS } from '../../../bridge/flaps.ts';
import { leanObject } from '../../../bridge/lean-objects.ts';
import { BLIP_MS, GONE_MS, LINGER_MS, ObjectNews } from '../../../bridge/object-news.ts';
import type { OwnedObject } from '../../../bridge/owned-objects.ts';
import type { HealthState } from '../../../core/health/health.ts';
import type { Hint } from '../../../core/hint.ts';
import { workflowIdOf } from '../../../core/refs.ts';

const REF = { group: 'toy.dev', version: 'v1', kind: 'Toy', plural: 'toys', namespace: 'n', name: 't1' };
const RESOURCE = {
  ref: REF,
  workflowId: workflowIdOf(REF),
  uid: 'resource',
  manifest: { apiVersion: 'toy.dev/v1', kind: 'Toy', metadata: { name: 't1' } },
};

function owned(kind: string, name: string, state: HealthState, generation = 1, reason = ''): OwnedObject {
  const apiVersion = kind === 'StatefulSet' ? 'apps/v1' : 'v1';
  const metadata = { name, namespace: 'n', uid: name, generation };
  const lean = leanObject(
    { apiVersion, kind, metadata },
    { name: 'op', group: 'toy.dev', kind: 'Toy' },
    false,
  );
  const verdict = { state, reason, message: '' };
  return { lean, owner: 'resource', generation, applied: lean.applied, develops: true, verdict };
}

/** The objects of one resource, and what is said of them. */
class Stage {
  readonly #objects = new Map<string, OwnedObject>();
  readonly said: (readonly string[])[] = [];
  readonly spent: string[] = [];
  /** What a look finds that is caused by the last hint. */
  known: readonly (HealthState | undefined)[] = [];
  readonly #news = new ObjectNews({
    objects: {
      get: (uid) => this.#objects.get(uid),
      ownedBy: (owner) => (owner === 'resource' ? this.#objects.values() : [].values()),
    },
    resourceOf: () => RESOURCE,
    say: (_, { objects = [], spent = [] }: Hint) => {
      this.said.push(objects.map((key) => key.split('/').at(-1) ?? ''));
      this.known = objects.map((key) => this.#objects.get(key.split('/').at(-1) ?? '')?.verdict.state);
      this.spent.push(...spent);
    },
  });

  hear(news: Parameters<ObjectNews['take']>[0], object: OwnedObject): void {
    if (news === 'Gone') this.#objects.delete(object.lean.uid);
    else this.#objects.set(object.lean.uid, object);
    this.#news.take(news, object);
  }

  /** What changed, and was nobody's business here. */
  overhear(object: OwnedObject): void {
    this.#objects.set(object.lean.uid, object);
  }
}

describe('news of objects', () => {
  let now = 0;
  const pass = (ms: number): void => {
    now += ms;
    mock.timers.tick(ms);
  };
  beforeEach(() => {
    now = 0;
    mock.method(performance, 'now', () => now);
    mock.timers.enable({ apis: ['setTimeout'] });
  });
  afterEach(() => {
    mock.timers.reset();
    mock.restoreAll();
  });

  it('tell objects that go together in one hint', () => {
    const stage = new Stage();
    for (const name of ['c1', 'c2', 'c3']) stage.hear('Gone', owned('ConfigMap', name, 'Current'));
    assert.deepEqual(stage.said, []);
    pass(GONE_MS);
    assert.deepEqual(stage.said, [['c1', 'c2', 'c3']]);
  });

  it('tell once which Job is spent, with whatever is told first', () => {
    const stage = new Stage();
    const job = owned('Job', 'once', 'Current');
    stage.hear('Gone', { ...job, verdict: { ...job.verdict, spent: true } });
    stage.hear('Turned', owned('StatefulSet', 'b', 'Failed'));
    assert.deepEqual(stage.spent, ['once']);
    pass(GONE_MS);
    assert.deepEqual([stage.said, stage.spent], [[['b'], ['once']], ['once']]);
  });

  it('tell what a workload waits for when it has waited long, and not because another had', () => {
    const stage = new Stage();
    stage.hear('Lingers', owned('StatefulSet', 'b', 'InProgress'));
    pass(LINGER_MS - 1_000);
    stage.overhear(owned('StatefulSet', 'b', 'Current'));
    stage.hear('Lingers', owned('StatefulSet', 'c', 'InProgress'));
    pass(LINGER_MS - 1_000);
    assert.deepEqual(stage.said, []);
    pass(1_000);
    assert.deepEqual(stage.said, [['c']]);
  });

  it('give a workload new patience with each generation', () => {
    const stage = new Stage();
    stage.hear('Lingers', owned('StatefulSet', 'b', 'InProgress', 1));
    pass(LINGER_MS - 1_000);
    stage.hear('Lingers', owned('StatefulSet', 'b', 'InProgress', 2));
    pass(1_000);
    assert.deepEqual(stage.said, []);
    pass(LINGER_MS);
    assert.deepEqual(stage.said, [['b']]);
  });

  describe('that go back and forth', () => {
    const set = (state: HealthState, generation = 1, reason = ''): OwnedObject =>
      owned('StatefulSet', 'b', state, generation, reason);
    /** Away for longer than a blip, and back. */
    const flap = (stage: Stage, times: number): void => {
      for (let count = 0; count < times; count++) {
        stage.hear('Left', set('InProgress'));
        pass(BLIP_MS);
        stage.hear('Turned', set('Current'));
        pass(BLIP_MS);
      }
    };

    it('are told ever less often, and the last state always', () => {
      const stage = new Stage();
      flap(stage, 300);
      const pauses = Math.log2(LONGEST_PAUSE_MS / 2_000);
      const most = 2 + FREE_FLAPS + pauses + (300 * 2 * BLIP_MS) / LONGEST_PAUSE_MS;
      assert.ok(stage.said.length <= most, `${stage.said.length} hints of 300 flaps, ${most} at most`);
      assert.ok(stage.said.length >= (300 * 2 * BLIP_MS) / LONGEST_PAUSE_MS, 'they are told all the while');
      stage.hear('Left', set('InProgress'));
      pass(BLIP_MS + LONGEST_PAUSE_MS);
      assert.deepEqual(stage.known, ['InProgress']);
      const said = stage.said.length;
      pass(10 * CALM_MS);
      assert.equal(stage.said.length, said);
    });

    it('are told once where they are back within a blip', () => {
      const stage = new Stage();
      stage.hear('Left', set('InProgress'));
      pass(BLIP_MS / 2);
      stage.hear('Turned', set('Current'));
      pass(CALM_MS);
      assert.deepEqual(stage.said, [['b']]);
    });

    it('are told at once again after a calm', () => {
      const stage = new Stage();
      flap(stage, 50);
      pass(CALM_MS);
      const said = stage.said.length;
      stage.hear('Left', set('InProgress'));
      pass(BLIP_MS);
      assert.deepEqual([stage.said.length, stage.known], [said + 1, ['InProgress']]);
    });

    it('hold back no new failure, no edit, no other generation and no sibling, and go with them', () => {
      const stage = new Stage();
      const saysAtOnce = (news: Parameters<ObjectNews['take']>[0], object: OwnedObject): void => {
        const before = stage.said.length;
        stage.hear(news, object);
        assert.equal(stage.said.length, before + 1, `${news} ${object.lean.ref.name}`);
      };
      flap(stage, 50);
      saysAtOnce('Turned', set('Failed', 1, 'ImagePullBackOff'));
      saysAtOnce('Turned', set('Failed', 1, 'CrashLoopBackOff'));
      saysAtOnce('Deviates', set('InProgress'));
      saysAtOnce('Turned', owned('StatefulSet', 'c', 'Failed'));
      stage.hear('Turned', set('Current'));
      saysAtOnce('Turned', owned('StatefulSet', 'd', 'Current'));
      assert.deepEqual(stage.said.at(-1), ['d', 'b']);
      saysAtOnce('Turned', set('Current', 2));
    });

    it('are told ever less often where they fail for the same reason each time', () => {
      const stage = new Stage();
      for (let count = 0; count < 300; count++) {
        stage.hear('Turned', set('Failed', 1, 'CrashLoopBackOff'));
        pass(BLIP_MS);
        stage.hear('Turned', set('Current'));
        pass(BLIP_MS);
      }
      assert.ok(stage.said.length < 40, `${stage.said.length} hints`);
      pass(LONGEST_PAUSE_MS);
      assert.deepEqual(stage.known, ['Current']);
    });
  });
});
