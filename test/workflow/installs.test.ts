import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { configured, FOUR_ROLES } from '../support/toy-specs.ts';
import { toyOperator } from '../support/toy-operator.ts';
import type { Actor } from '../support/workflow-lab.ts';
import { WorkflowLab } from '../support/workflow-lab.ts';

function drain(): void {}
function balance(): void {}

function hooksOf(toy: Actor): number {
  return toy.calls.filter((call) => call.startsWith('runHook')).length;
}

function began(toy: Actor): string {
  return toy.news.find((each) => each.startsWith('RolloutStarted: install')) ?? '';
}

describe('a first install', () => {
  let lab: WorkflowLab;
  before(async () => {
    lab = await WorkflowLab.open();
  });
  after(() => lab[Symbol.asyncDispose]());

  it('of workloads with hooks is parallel and runs none: there is nothing before; an upgrade runs each', async () => {
    const toy = lab.actor({ operator: toyOperator({ before: drain, after: balance }) });
    await toy.want(FOUR_ROLES);
    await toy.ready();
    assert.equal(hooksOf(toy), 0);
    assert.equal((await toy.history()).appliedWorkloads().length, 1);
    assert.match(began(toy), /controller, broker, server, minion together/);
    await toy.want(configured(FOUR_ROLES, 'x'));
    await toy.ready();
    assert.equal(hooksOf(toy), 8);
  });

  it('runs the hooks of workloads that ask for it, and waits for no stage', async () => {
    const operator = toyOperator({ before: drain, after: balance, hooksOnInstall: true });
    const toy = lab.actor({ operator, heals: 'when the test says' });
    await toy.want(FOUR_ROLES);
    await toy.until('all workloads', () => toy.objects.size === 12);
    assert.equal(hooksOf(toy), 4);
    for (const { name } of FOUR_ROLES.nodes) await toy.become(toy.workload(name), 'Current');
    await toy.ready();
    assert.equal(hooksOf(toy), 8);
  });

  it('that is ordered goes stage by stage, and tells each', async () => {
    const toy = lab.actor({ operator: toyOperator({ rollout: { firstInstall: 'ordered' } }) });
    await toy.want(FOUR_ROLES);
    await toy.ready();
    (await toy.history()).appliedInOrder('controller', 'broker', 'server', 'minion');
    assert.match(began(toy), /controller, then broker, then server, then minion/);
    assert.equal(toy.news.filter((each) => each.startsWith('StageCompleted')).length, 4);
  });
});
