import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { leanObject } from '../../../bridge/lean-objects.ts';
import { GONE_MS, LINGER_MS, ObjectNews } from '../../../bridge/object-news.ts';
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

function owned(kind: string, name: string, state: HealthState, generation = 1): OwnedObject {
  const apiVersion = kind === 'StatefulSet' ? 'apps/v1' : 'v1';
  const metadata = { name, namespace: 'n', uid: name, generation };
  const lean = leanObject(
    { apiVersion, kind, metadata },
    { name: 'op', group: 'toy.dev', kind: 'Toy' },
    false,
  );
  const verdict = { state, reason: '', message: '' };
  return { lean, owner: 'resource', generation, applied: lean.applied, develops: true, verdict };
}

/** The objects of one resource, and what is said of them. */
class Stage {
  readonly #objects = new Map<string, OwnedObject>();
  readonly said: (readonly string[])[] = [];
  readonly spent: string[] = [];
  readonly #news = new ObjectNews({
    objects: {
      get: (uid) => this.#objects.get(uid),
      ownedBy: (owner) => (owner === 'resource' ? this.#objects.values() : [].values()),
    },
    resourceOf: () => RESOURCE,
    say: (_, { objects = [], spent = [] }: Hint) => {
      this.said.push(objects.map((key) => key.split('/').at(-1) ?? ''));
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
});
