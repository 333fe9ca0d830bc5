import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { stop } from '../../activities/failure.ts';
import type { Operator } from '../../index.ts';
import { defineOperator, object } from '../../index.ts';
import type { ToySpec } from '../support/toy-operator.ts';
import { toyOperator } from '../support/toy-operator.ts';
import { configured, FOUR_ROLES } from '../support/toy-specs.ts';
import type { Actor } from '../support/workflow-lab.ts';
import { WorkflowLab } from '../support/workflow-lab.ts';

const ROLE = 'ClusterRole.rbac.authorization.k8s.io/reader';

/** The toy, with an object that has no namespace. */
function withRole(): Operator<ToySpec> {
  const { resource, desired } = toyOperator();
  const metadata = { name: 'reader' };
  return defineOperator(resource, {
    desired: (toy, named) =>
      [
        desired(toy, named),
        object({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata, rules: [] }),
      ].flat(),
  });
}

function removed(toy: Actor): readonly string[] {
  return toy.calls.flatMap((call) => {
    const [name, ...keys] = call.split(' ');
    if (name === 'removeFinalizer' || name === 'cleanUp') return [name];
    return name === 'pruneObjects' ? [keys.map((key) => key.split(`/${toy.ref.name}-`)[1]).join(' ')] : [];
  });
}

describe('a teardown', () => {
  let lab: WorkflowLab;
  before(async () => {
    lab = await WorkflowLab.open();
  });
  after(() => lab[Symbol.asyncDispose]());

  it('goes in reverse order, each wave awaited, the finalizer last, and ends the workflow', async () => {
    const toy = lab.actor({ lingers: true });
    await toy.want(FOUR_ROLES);
    await toy.ready();
    await toy.delete();
    for (const [index, name] of ['minion', 'server', 'broker', 'controller'].entries()) {
      await toy.until(`the deletion of ${name}`, () => removed(toy).length === index + 1);
      await toy.rests();
      assert.equal(removed(toy)[index], name);
      await toy.vanish(toy.workload(name));
    }
    await toy.handle.result();
    assert.equal(toy.objects.size, 0);
    assert.equal(removed(toy).at(-1), 'removeFinalizer');
  });

  it('cleans up first, and is Stalled with the reason while that fails', async () => {
    const toy = lab.actor({ skipsTime: true });
    toy.cleansUp = true;
    await toy.want(FOUR_ROLES);
    await toy.ready();
    let fails = true;
    toy.failures.set('cleanUp', () =>
      fails ? stop('HookFailed', 'onDelete failed: bucket in use') : undefined,
    );
    await toy.delete();
    await toy.until('Stalled', () => toy.condition('Stalled')?.reason === 'HookFailed');
    assert.match(
      toy.condition('Stalled')?.message ?? '',
      /^onDelete failed: bucket in use \(attempt \d, failing since .*\); 12 objects left/,
    );
    assert.equal(toy.objects.size, 12);
    fails = false;
    await toy.handle.result();
    assert.equal(toy.resource, undefined);
    assert.equal(removed(toy).filter((name) => name === 'removeFinalizer').length, 1);
  });

  it('goes before objects that no owner reference collects, though the answer to their apply was lost', async () => {
    const toy = lab.actor({ operator: withRole() });
    toy.silent.add('applyObjects');
    await toy.want(FOUR_ROLES);
    await toy.until('the role is there', () => toy.objects.has(ROLE));
    await toy.delete();
    await toy.handle.result();
    assert.deepEqual([...toy.objects.keys()], []);
  });

  it('asks for no object that the server refused', async () => {
    const toy = lab.actor({ operator: withRole() });
    toy.refused.set(ROLE, 'you may not create roles');
    await toy.want(FOUR_ROLES);
    await toy.until('Stalled', () => toy.condition('Stalled') !== undefined);
    await toy.delete();
    await toy.handle.result();
    assert.ok(!toy.calls.some((call) => call.startsWith('pruneObjects') && call.includes(ROLE)));
  });

  it('interrupts a rollout', async () => {
    const toy = lab.actor({ heals: 'when the test says' });
    await toy.want(FOUR_ROLES);
    await toy.until('workloads', () => toy.objects.size === 12);
    await toy.delete();
    await toy.handle.result();
    assert.equal(toy.objects.size, 0);
  });

  it('takes up a resource that is created anew under the same name while the old one is let go', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    let isAnew = false;
    const remove = toy.during;
    remove.set('removeFinalizer', async () => {
      if (isAnew) return;
      isAnew = true;
      toy.resource = undefined;
      await toy.want(configured(FOUR_ROLES, 'x'));
    });
    await toy.delete();
    await toy.until('the new one', () => toy.resource?.generation === 1 && toy.objects.size === 12);
    await toy.ready();
    assert.equal((await toy.handle.describe()).status.name, 'RUNNING');
  });

  it('leaves alone a resource that another finalizer holds, and ends when it is gone', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    if (toy.resource) toy.resource = { ...toy.resource, held: false };
    await toy.delete();
    await toy.until('Deleting', () => toy.condition('Ready')?.reason === 'Deleting');
    await toy.rests();
    assert.equal(toy.objects.size, 12);
    (await toy.history()).noTimersWhenIdle();
    toy.resource = undefined;
    await toy.tellResource();
    await toy.handle.result();
  });
});
