import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Desired } from '../../../index.ts';
import { plan } from '../../../index.ts';
import { foldClaimed } from '../../../core/rollout/claims.ts';
import type { Removal } from '../../../core/rollout/fold-pruned.ts';
import { foldApplied } from '../../../core/rollout/fold.ts';
import { foldPruned } from '../../../core/rollout/fold-pruned.ts';
import { foldAbandoned } from '../../../core/rollout/removal.ts';
import { nextTeardown } from '../../../core/rollout/teardown.ts';
import type { Step } from '../../../core/rollout/step.ts';
import { verdictOf } from '../../../core/status/verdict.ts';
import { planView, SimulatedCluster } from '../../support/simulated-cluster.ts';
import { Table, tableOperator } from '../../support/toy-external.ts';
import type { ToyNode, ToySpec } from '../../support/toy-operator.ts';
import { toy } from '../../support/toy-operator.ts';

const A = 'Table.external.durable-operator.dev/a';
const B = 'Table.external.durable-operator.dev/b';
const PODS = 'StatefulSet.apps/t1-pods';

function table(name: string, config = 'x', role = name): ToyNode {
  return { name, role, config };
}

const pods: ToyNode = { name: 'pods', role: 'pods', config: '', image: 'toy:1' };

function wanting(nodes: readonly ToyNode[], order: readonly string[] = []): ToySpec {
  return { order, nodes };
}

function installed(spec: ToySpec): SimulatedCluster {
  const cluster = new SimulatedCluster(tableOperator());
  cluster.want(spec, 1);
  for (let waits = cluster.settle(); waits.length > 0; waits = cluster.settle())
    for (const key of waits) cluster.become(key, 'Current');
  cluster.steps.length = 0;
  return cluster;
}

/** Groups of what is applied or pruned together. */
function done(steps: readonly Step[], kind: 'apply' | 'prune'): readonly string[] {
  return steps.flatMap((step) => (step.kind === kind ? [step.keys.join(' ')] : []));
}

/** What is still awaited when servers have had time to show what they were asked for. */
function settledLater(cluster: SimulatedCluster): readonly string[] {
  cluster.now += 60_000;
  return cluster.settle();
}

describe('an external object in a plan', () => {
  it('is created after all that it uses is Current, and what uses it waits likewise', () => {
    const cluster = new SimulatedCluster(tableOperator());
    cluster.want(wanting([table('a'), pods, table('b')]), 1);
    assert.deepEqual(cluster.settle(), [PODS, B].toSorted());
    assert.deepEqual(done(cluster.steps, 'apply'), ['Secret/t1-login', A, PODS]);
    cluster.become(PODS, 'Current');
    assert.deepEqual(cluster.settle(), []);
    assert.deepEqual(done(cluster.steps, 'apply').at(-1), B);
  });

  it('changes in the order of its role, one after the other', () => {
    const cluster = installed(wanting([table('a'), table('b')], ['a', 'b']));
    cluster.want(wanting([table('a', 'y'), table('b', 'y')], ['a', 'b']), 2);
    cluster.settle();
    assert.deepEqual(done(cluster.steps, 'apply'), [A, B]);
  });

  it('is put back at once when its server has it otherwise', () => {
    const cluster = installed(wanting([table('a'), table('b')], ['a', 'b']));
    cluster.edit(B);
    cluster.look([B]);
    assert.deepEqual(cluster.settle(), []);
    assert.deepEqual(done(cluster.steps, 'apply'), [B]);
  });

  it('is removed before what it uses', () => {
    const cluster = installed(wanting([table('a'), table('b')]));
    cluster.want(wanting([]), 2);
    assert.deepEqual(cluster.settle(), [A, B]);
    assert.deepEqual(done(cluster.steps, 'prune'), [B, A]);
    assert.deepEqual(settledLater(cluster), []);
  });

  it('is in the inventory before it is created, and stays there when that fails', () => {
    const cluster = new SimulatedCluster(tableOperator());
    const named: boolean[] = [];
    cluster.watch = (step, { state }) => {
      if (step.kind === 'apply' && step.keys.includes(A)) {
        named.push(A in state.inventory);
        cluster.refused.set(A, 'the connection was cut');
      }
    };
    cluster.want(wanting([table('a')]), 1);
    cluster.settle();
    assert.deepEqual(named, [true]);
    assert.equal(cluster.state.inventory[A]?.unconfirmed, true);
    cluster.want(wanting([]), 2);
    cluster.refused.clear();
    assert.deepEqual(cluster.settle(), [A]);
    assert.deepEqual(settledLater(cluster), []);
    assert.equal(A in cluster.state.inventory, false);
  });

  it('is forgotten only when its server showed none twice, a settling time apart', () => {
    const cluster = installed(wanting([table('a')]));
    cluster.live.delete(A);
    cluster.look([A]);
    assert.ok(A in cluster.state.inventory);
    cluster.want(wanting([]), 2);
    assert.deepEqual(cluster.settle(), [A]);
    cluster.now += 20_000;
    assert.deepEqual(cluster.settle(), [A]);
    cluster.now += 10_000;
    assert.deepEqual(cluster.settle(), []);
    assert.deepEqual(done(cluster.steps, 'prune').slice(0, 2), [A, A]);
  });

  it('that another resource has leaves the inventory, and is tried again', () => {
    const cluster = new SimulatedCluster(tableOperator());
    cluster.want(wanting([table('a')]), 1);
    const { plan: view } = cluster;
    assert.ok(view);
    const claimed = foldClaimed(cluster.state, view, [{ key: A, claimed: true, origin: 'created' }], 0);
    const conflict = { reason: 'OwnershipConflict', message: 'belongs to Toy t2', heir: 'adopted' } as const;
    const state = foldApplied(claimed, view, [{ key: A, applied: false, ...conflict }], 0);
    assert.deepEqual(state.inventory, {});
    assert.equal(state.refusals[A]?.heir, 'adopted');
  });

  it('stays in the inventory while its server does not let go of it, and is tried again', () => {
    const cluster = installed(wanting([table('a')]));
    cluster.refused.set(A, 'is away');
    cluster.want(wanting([]), 2);
    assert.deepEqual(cluster.settle(), [A]);
    assert.ok(cluster.state.inventory[A]);
    const waiting = cluster.steps.at(-1);
    const wakeAt = waiting?.kind === 'wait' ? waiting.wakeAt : undefined;
    assert.equal(wakeAt, cluster.state.refusals[A]?.retryAt);
    cluster.refused.clear();
    cluster.now = wakeAt ?? 0;
    assert.deepEqual(cluster.settle(), [A]);
    assert.deepEqual(settledLater(cluster), []);
    assert.equal(cluster.state.inventory[A], undefined);
    assert.deepEqual(cluster.state.refusals, {});
  });

  it('is awaited no more when somebody else removed it', () => {
    const cluster = installed(wanting([table('a')]));
    cluster.refused.set(A, 'is away');
    cluster.want(wanting([]), 2);
    cluster.settle();
    cluster.live.delete(A);
    cluster.refused.clear();
    cluster.look();
    assert.deepEqual(cluster.settle(), [A]);
    assert.deepEqual(settledLater(cluster), []);
    assert.deepEqual(cluster.state.refusals, {});
  });

  it('is no longer looked after when it is abandoned', () => {
    const cluster = installed(wanting([table('a')]));
    cluster.refused.set(A, 'is away');
    cluster.want(wanting([]), 2);
    cluster.settle();
    cluster.state = foldAbandoned(cluster.state, [A]);
    assert.deepEqual(cluster.settle(), []);
  });

  it('says that its server is away, and that this passes', () => {
    const cluster = new SimulatedCluster(tableOperator());
    cluster.refused.set(A, 'connect ECONNREFUSED');
    cluster.refusal = 'Unreachable';
    cluster.want(wanting([table('a'), table('b')]), 1);
    const on = cluster.settle();
    const { state, plan: view, now } = cluster;
    assert.deepEqual(on, [A, B]);
    assert.ok(view);
    const verdict = verdictOf({ state, plan: view, step: { kind: 'wait', on } }, now);
    assert.deepEqual(verdict, {
      phase: 'Progressing',
      reason: 'Unreachable',
      message: 'Table a: connect ECONNREFUSED',
    });
  });

  it('is looked at again, ever more slowly, while it is on its way', () => {
    const cluster = installed(wanting([table('a')]));
    const looks: number[] = [];
    for (let count = 0; count < 12; count++) {
      cluster.become(A, 'InProgress');
      cluster.settle();
      const step = cluster.steps.at(-1);
      assert.ok(step?.kind === 'wait' && step.wakeAt !== undefined);
      looks.push(Math.round((step.wakeAt - cluster.now) / 1000));
      cluster.now = step.wakeAt;
    }
    assert.deepEqual(looks.slice(0, 4), [2, 2, 2, 3]);
    assert.deepEqual(
      looks.toSorted((a, b) => a - b),
      looks,
    );
    assert.ok(looks.every((seconds) => seconds <= 300));
  });
});

describe('taking down external objects', () => {
  it('waits once for the second look at all of them, before it takes down the server they may live on', () => {
    let { state } = installed(wanting([pods, table('a'), table('b')]));
    const removed: string[] = [];
    let now = 0;
    const absent = new Set<string>();
    for (let step = nextTeardown(state, now); step.kind !== 'done'; step = nextTeardown(state, now)) {
      if (step.kind === 'wait') now = step.wakeAt ?? Number.NaN;
      if (step.kind !== 'remove') continue;
      removed.push(step.keys.join(' '));
      const removals = step.keys.map((key): Removal => {
        if (!key.startsWith('Table') || absent.has(key)) return { key, outcome: 'gone' };
        absent.add(key);
        return { key, outcome: 'absent', settlesMs: 30_000 };
      });
      state = foldPruned(state, removals, now);
    }
    assert.deepEqual(removed.slice(0, 2), [B, A]);
    assert.deepEqual(removed.slice(-2), [PODS, 'Secret/t1-login']);
    assert.equal(now, 30_000);
  });

  it('removes what uses before what is used, whatever the order', () => {
    let { state } = installed(wanting([table('a'), pods, table('b')]));
    const removed: string[] = [];
    for (let step = nextTeardown(state, 0); step.kind === 'remove'; step = nextTeardown(state, 0)) {
      removed.push(step.keys.join(' '));
      state = foldAbandoned(state, step.keys);
    }
    assert.deepEqual(removed, [B, PODS, A, 'Secret/t1-login']);
  });
});

describe('a plan with external objects', () => {
  it('says which are kept where they are when they are no longer desired', () => {
    const operator = tableOperator();
    const desired = (): Desired => [Table('a', { config: '' }, { retain: true }), Table('b', { config: '' })];
    const { refs } = planView({ ...operator, desired }, toy(wanting([])));
    assert.deepEqual([refs[A]?.retain, refs[B]?.retain], [true, undefined]);
  });

  it('is refused when the operator does not know the kind', () => {
    const operator = { ...tableOperator(), externals: [] };
    assert.throws(() => plan(operator, toy(wanting([table('a')]))), /Table.*not among the externals/);
  });

  it('is refused when the order contradicts what is used', () => {
    const spec = wanting([table('a'), table('b')], ['b', 'a']);
    assert.throws(() => plan(tableOperator(), toy(spec)), /uses .*\/a, which has a later place/);
  });
});
