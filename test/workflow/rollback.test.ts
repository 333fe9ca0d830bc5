import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { COMMANDS } from '../../core/labels.ts';
import { UPDATES } from '../../workflows/messages.ts';
import { configured, FOUR_ROLES } from '../support/toy-specs.ts';
import { toyOperator } from '../support/toy-operator.ts';
import type { Actor } from '../support/workflow-lab.ts';
import { WorkflowLab } from '../support/workflow-lab.ts';

const X = configured(FOUR_ROLES, 'x');

function templates(toy: Actor): readonly string[] {
  return FOUR_ROLES.nodes.map(({ name }) => toy.objects.get(toy.workload(name))?.template ?? '');
}

async function became(toy: Actor, trigger: string): Promise<void> {
  await toy.until(trigger, () => {
    const { rollout } = toy.status ?? {};
    return rollout?.trigger === trigger && rollout.finishedAt !== undefined;
  });
  await toy.rests();
}

describe('a rollback', () => {
  let lab: WorkflowLab;
  before(async () => {
    lab = await WorkflowLab.open();
  });
  after(() => lab[Symbol.asyncDispose]());

  it('by command puts back what was good, in reverse order, and leaves the spec alone', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    const good = templates(toy);
    await toy.want(X);
    await toy.ready();
    assert.notDeepEqual(templates(toy), good);
    toy.calls.length = 0;
    await toy.annotate({ [COMMANDS.rollback]: '2' });
    await became(toy, 'Rollback');
    assert.deepEqual(toy.rolled(), ['minion', 'server', 'broker', 'controller']);
    assert.deepEqual(templates(toy), good);
    assert.deepEqual(toy.resource?.spec, X);
    assert.equal(toy.condition('Stalled')?.reason, 'RolledBack');
    assert.equal(toy.condition('Quarantined')?.status, 'True');
    assert.deepEqual(toy.status?.memory?.quarantine?.generation, 2);
  });

  it('ends with a newer generation', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    await toy.want(X);
    await toy.ready();
    await toy.annotate({ [COMMANDS.rollback]: '2' });
    await became(toy, 'Rollback');
    await toy.want(configured(FOUR_ROLES, 'y'));
    await toy.ready();
    assert.equal(toy.condition('Quarantined'), undefined);
    assert.equal(toy.status?.memory?.quarantine, undefined);
    assert.equal(toy.status?.memory?.good?.generation, 3);
  });

  it('by policy follows a stage that is past its deadline', async () => {
    const operator = toyOperator({ rollout: { onDeadline: 'rollback', deadline: '10 minutes' } });
    const toy = lab.actor({ operator, skipsTime: true });
    await toy.want(FOUR_ROLES);
    await toy.ready();
    const good = templates(toy);
    let isBroken = true;
    toy.during.set('applyWorkloads', () => {
      toy.heals = isBroken ? 'when the test says' : 'told';
      isBroken = false;
    });
    await toy.want(X);
    await became(toy, 'Rollback');
    assert.deepEqual(templates(toy), good);
    assert.match(
      toy.condition('Stalled')?.message ?? '',
      /generation 2 is not rolled out \(StatefulSet \S+ is not/,
    );
    assert.ok(toy.news.some((news) => news.startsWith('RollbackStarted')));
    // Neither says that the generation is good, so it stays away; a restart by command is refused in words.
    await toy.annotate({ [COMMANDS.restartedAt]: '2026-01-01T00:00:00Z' });
    toy.upgradeOperator(toyOperator({ build: '2', rollout: { onDeadline: 'rollback' } }));
    await toy.tell({ resync: true });
    await toy.rests();
    assert.deepEqual(templates(toy), good);
    assert.match(await toy.page(), /the restart is not carried out: generation 2 is rolled back/);
    await assert.rejects(
      toy.handle.executeUpdate(UPDATES.restart, { args: [{ by: 'ann' }] }),
      ({ cause }: Error) => /generation 2 is rolled back to the set of generation 1/.test(String(cause)),
    );
    // A person ends it.
    await toy.annotate({ [COMMANDS.retry]: 'mended' });
    await toy.ready();
    assert.notDeepEqual(templates(toy), good);
    assert.equal(toy.status?.memory?.quarantine, undefined);
  });

  it('that a first install would need does not happen: there is nothing to go back to', async () => {
    const operator = toyOperator({ rollout: { onDeadline: 'rollback', deadline: '10 minutes' } });
    const toy = lab.actor({ operator, skipsTime: true, heals: 'when the test says' });
    await toy.want(FOUR_ROLES);
    await toy.stalled('RolloutTimedOut');
  });
});

describe('a rollback that cannot be carried out', () => {
  let lab: WorkflowLab;
  before(async () => {
    lab = await WorkflowLab.open();
  });
  after(() => lab[Symbol.asyncDispose]());

  const operator = toyOperator({ rollout: { onDeadline: 'rollback', deadline: '10 minutes' } });

  it('by policy is Stalled with the reason and the stage, ends in a rest, and begins no further stage', async () => {
    const toy = lab.actor({ operator, skipsTime: true });
    await toy.want(FOUR_ROLES);
    await toy.ready();
    const good = templates(toy);
    toy.loseRevisions();
    toy.heals = 'when the test says';
    await toy.want(X);
    await toy.stalled('RollbackImpossible');
    const { message = '' } = toy.condition('Stalled') ?? {};
    assert.match(message, /ControllerRevision \S+, which holds the objects of generation 1, is gone/);
    assert.match(message, /StatefulSet \S+-controller is not Current within 600 s/);
    assert.ok((await toy.history()).length < 150, String(await toy.history()));
    assert.deepEqual(templates(toy).slice(1), good.slice(1));
    toy.heals = 'told';
    await toy.want(configured(FOUR_ROLES, 'y'));
    await toy.ready();
  });

  it('does not begin where the set before was too large to be kept: that is nothing to go back to', async () => {
    const toy = lab.actor({ operator, skipsTime: true });
    toy.tooLarge = true;
    await toy.want(FOUR_ROLES);
    await toy.ready();
    assert.equal(toy.status?.memory?.good, undefined);
    toy.heals = 'when the test says';
    await toy.want(X);
    await toy.stalled('RolloutTimedOut');
    assert.ok((await toy.history()).length < 150, String(await toy.history()));
  });

  it('by command says so while its annotation is there', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    await toy.annotate({ [COMMANDS.rollback]: '1' });
    await toy.stalled('RollbackImpossible');
    assert.match(toy.condition('Stalled')?.message ?? '', /no earlier set of objects was kept/);
    await toy.annotate({ [COMMANDS.rollback]: '' });
    await toy.ready();
  });
});

describe('another build of the operator', () => {
  let lab: WorkflowLab;
  before(async () => {
    lab = await WorkflowLab.open();
  });
  after(() => lab[Symbol.asyncDispose]());

  const next = toyOperator({ build: '2' });

  it('restarts no pod of a resource that did not change, and says what waits', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    toy.calls.length = 0;
    toy.upgradeOperator(next);
    await toy.signal({ resync: true });
    await toy.until('held', () => toy.condition('RuntimeUpdatePending')?.status === 'True');
    await toy.rests();
    assert.deepEqual(toy.rolled(), []);
    assert.equal(toy.condition('Ready')?.status, 'True');
  });

  it('still repairs what was there, as it was', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    const before = templates(toy);
    toy.upgradeOperator(next);
    await toy.signal({ resync: true });
    await toy.until('held', () => toy.condition('RuntimeUpdatePending')?.status === 'True');
    await toy.vanish(toy.workload('server'));
    await toy.until('the repair', () => toy.objects.has(toy.workload('server')) && toy.isReady());
    assert.deepEqual(templates(toy), before);
  });

  it('rolls out, in order, once it is approved', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    toy.calls.length = 0;
    toy.upgradeOperator(next);
    await toy.signal({ resync: true });
    await toy.until('held', () => toy.condition('RuntimeUpdatePending')?.status === 'True');
    await toy.annotate({ [COMMANDS.approve]: toy.status?.rollout?.pendingApprovals?.[0]?.token ?? '' });
    await became(toy, 'Runtime');
    assert.deepEqual(toy.rolled(), ['controller', 'broker', 'server', 'minion']);
    assert.equal(toy.condition('RuntimeUpdatePending'), undefined);
  });

  it('rolls out with the next change of the spec', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    toy.calls.length = 0;
    toy.upgradeOperator(next);
    await toy.want(configured(FOUR_ROLES, 'x', 'broker'));
    await toy.ready();
    assert.deepEqual(toy.rolled(), ['controller', 'broker', 'server', 'minion']);
  });
});

describe('a stage that a halted rollout has not come to', () => {
  let lab: WorkflowLab;
  before(async () => {
    lab = await WorkflowLab.open();
  });
  after(() => lab[Symbol.asyncDispose]());

  it('is put back as it was when somebody deletes or edits it', async () => {
    const toy = lab.actor();
    await toy.installed(FOUR_ROLES);
    const before = templates(toy);
    await toy.want(X);
    await toy.until('the controller', () => toy.status?.stage === 'controller' && !toy.isReady());
    await toy.become(toy.workload('controller'), 'Failed');
    await toy.stalled('WorkloadFailed');
    toy.calls.length = 0;
    toy.heals = 'told';
    await toy.vanish(toy.workload('minion'));
    await toy.until('minion is back', () => toy.objects.has(toy.workload('minion')));
    await toy.rests();
    assert.deepEqual(templates(toy).slice(1), before.slice(1));
    toy.edit(toy.workload('server'));
    await toy.signal({ objects: [toy.workload('server')] });
    await toy.until('server is back', () => toy.objects.get(toy.workload('server'))?.fields === 'all');
    await toy.rests();
    assert.deepEqual(templates(toy).slice(1), before.slice(1));
    await toy.become(toy.workload('controller'), 'Current');
    await toy.ready();
    assert.notEqual(templates(toy)[3], before[3]);
  });
});
