import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { SEARCH_ATTRIBUTES } from '../../workflows/messages.ts';
import { eventually } from '../../testing/eventually.ts';
import { configured, FOUR_ROLES } from '../support/toy-specs.ts';
import { stop } from '../../activities/failure.ts';
import { toyOperator } from '../support/toy-operator.ts';
import type { Actor } from '../support/workflow-lab.ts';
import { WorkflowLab } from '../support/workflow-lab.ts';

const X = configured(FOUR_ROLES, 'x');

async function rollsOnly(toy: Actor, node: string): Promise<void> {
  await toy.until(`the wait for ${node}`, () => toy.status?.stage === node && !toy.isReady());
  await toy.rests();
}

describe('a rollout', () => {
  let lab: WorkflowLab;
  before(async () => {
    lab = await WorkflowLab.open();
  });
  after(() => lab[Symbol.asyncDispose]());

  it('installs everything at once, and costs at most 60 events', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    const history = await toy.history();
    assert.deepEqual(
      history.appliedWorkloads().map((names) => names.toSorted()),
      [['broker', 'controller', 'minion', 'server']],
    );
    history.events(60).noTimersWhenIdle();
  });

  it('upgrades four stages in order, and costs at most 90 events', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    const { length } = await toy.history();
    await toy.want(X);
    await toy.ready();
    const history = await toy.history();
    history
      .appliedInOrder('controller', 'broker', 'server', 'minion')
      .noTimersWhenIdle()
      .events(length + 90);
  });

  it('waits at each stage until it is current', async () => {
    const toy = lab.actor();
    await toy.installed(FOUR_ROLES);
    await toy.want(X);
    await rollsOnly(toy, 'controller');
    assert.deepEqual((await toy.history()).appliedWorkloads().slice(1), [['controller']]);
    await toy.become(toy.workload('controller'), 'Current');
    await rollsOnly(toy, 'broker');
    assert.deepEqual((await toy.history()).appliedWorkloads().slice(1), [['controller'], ['broker']]);
  });

  it('takes up a newer spec in the middle, and finishes that one', async () => {
    const toy = lab.actor();
    await toy.installed(FOUR_ROLES);
    await toy.want(X);
    await rollsOnly(toy, 'controller');
    await toy.want(configured(FOUR_ROLES, 'y'));
    await toy.until(
      'a second roll of the controller',
      () => toy.objects.get(toy.workload('controller'))?.generation === 3,
    );
    for (const { name } of FOUR_ROLES.nodes) {
      await rollsOnly(toy, name);
      await toy.become(toy.workload(name), 'Current');
    }
    await toy.ready();
    assert.deepEqual((await toy.history()).appliedWorkloads().slice(1), [
      ['controller'],
      ['controller'],
      ['broker'],
      ['server'],
      ['minion'],
    ]);
  });

  it('halts at a workload that fails, and leaves later stages untouched until it is fixed', async () => {
    const toy = lab.actor();
    await toy.installed(FOUR_ROLES);
    await toy.want(X);
    await rollsOnly(toy, 'controller');
    await toy.become(toy.workload('controller'), 'Failed');
    await toy.stalled('WorkloadFailed');
    assert.deepEqual((await toy.history()).appliedWorkloads().slice(1), [['controller']]);
  });

  it('says where it stands in search attributes and to a query', async () => {
    const toy = lab.actor();
    await toy.installed(FOUR_ROLES);
    assert.equal(await toy.summary(), 'Ready (Reconciled): 12 objects current');
    await toy.want(X);
    await rollsOnly(toy, 'controller');
    assert.match(await toy.summary(), /^Progressing \(WaitingForHealth\): StatefulSet \S+-controller: /);
    const found = await toy.searchAttributes();
    assert.equal(found[SEARCH_ATTRIBUTES.ready], 'Unknown');
    assert.equal(found[SEARCH_ATTRIBUTES.stage], 'controller');
  });

  it('is found by search attributes that the Temporal namespace got later, though nothing else is new', async () => {
    const toy = lab.actor({ searchAttributes: false });
    await toy.installed(FOUR_ROLES);
    assert.deepEqual(await toy.searchAttributes(), {});
    await toy.signal({ objects: [], searchAttributes: true });
    await eventually('it is indexed', async () => SEARCH_ATTRIBUTES.ready in (await toy.searchAttributes()));
    assert.deepEqual(await toy.searchAttributes(), {
      [SEARCH_ATTRIBUTES.kind]: toy.ref.kind,
      [SEARCH_ATTRIBUTES.namespace]: toy.ref.namespace,
      [SEARCH_ATTRIBUTES.ready]: 'True',
      [SEARCH_ATTRIBUTES.stage]: '-',
    });
  });
});

describe('gates and hooks', () => {
  let lab: WorkflowLab;
  before(async () => {
    lab = await WorkflowLab.open();
  });
  after(() => lab[Symbol.asyncDispose]());

  const operator = toyOperator({
    gate: function segmentsLoaded() {
      return true;
    },
    before: function drain() {},
    after: function rebalance() {},
  });
  const CONTROLLER_FIRST = configured(FOUR_ROLES, '2', 'controller');

  it('holds later stages while a gate is closed, says why, and asks again', async () => {
    const toy = lab.actor({ operator, heals: 'at once', skipsTime: true });
    await toy.want(FOUR_ROLES);
    await toy.ready();
    toy.calls.length = 0;
    let answers = 0;
    toy.during.set('checkGate', () => {
      toy.gate = ++answers < 4 ? `${answers} of 4 segments loaded` : true;
    });
    await toy.want(X);
    await toy.ready();
    const story = toy.calls.filter((call) => /checkGate|applyWorkloads/.test(call));
    const gate = `checkGate ${toy.workload('controller')}`;
    assert.deepEqual(story.slice(0, 6), [
      `applyWorkloads ${toy.workload('controller')}`,
      ...[gate, gate, gate, gate],
      `applyWorkloads ${toy.workload('broker')}`,
    ]);
    const said = toy.statuses.flatMap(({ conditions }) =>
      conditions.map(({ reason, message }) => `${reason} ${message}`),
    );
    assert.ok(
      said.includes(`GateClosed StatefulSet ${toy.ref.name}-controller: 1 of 4 segments loaded`),
      said.join('\n'),
    );
    (await toy.history()).noTimersWhenIdle();
  });

  it('runs each hook once, around the change of its workload', async () => {
    const toy = lab.actor({ operator });
    await toy.want(FOUR_ROLES);
    await toy.ready();
    toy.calls.length = 0;
    await toy.want(CONTROLLER_FIRST);
    await toy.ready();
    const key = toy.workload('controller');
    assert.deepEqual(
      toy.calls.filter((call) => /runHook|checkGate|applyWorkloads/.test(call)),
      [`runHook before ${key}`, `applyWorkloads ${key}`, `checkGate ${key}`, `runHook after ${key}`],
    );
  });

  it('asks a closed gate also when a newer spec changes only a later stage', async () => {
    const toy = lab.actor({ operator, skipsTime: true });
    await toy.want(FOUR_ROLES);
    await toy.ready();
    toy.gate = 'not yet';
    await toy.want(CONTROLLER_FIRST);
    await toy.until('the closed gate', () => toy.condition('Ready')?.reason === 'GateClosed');
    toy.calls.length = 0;
    await toy.want(configured(CONTROLLER_FIRST, '3', 'broker'));
    await toy.until('the gate is asked again', () =>
      toy.calls.includes(`checkGate ${toy.workload('controller')}`),
    );
    await toy.until('the newer spec is observed', () => toy.condition('Ready')?.observedGeneration === 3);
    assert.equal(toy.calls.includes(`applyWorkloads ${toy.workload('broker')}`), false);
    toy.gate = true;
    await toy.ready();
    assert.ok(toy.calls.includes(`applyWorkloads ${toy.workload('broker')}`));
  });

  it('recreates a workload that somebody deleted without its hooks: nothing is rolled out', async () => {
    const toy = lab.actor({ operator });
    await toy.want(FOUR_ROLES);
    await toy.ready();
    toy.calls.length = 0;
    const key = toy.workload('broker');
    await toy.vanish(key);
    await toy.until('its return', () => toy.objects.get(key)?.health === 'Current');
    await toy.ready();
    assert.deepEqual(
      toy.calls.filter((call) => /runHook|applyWorkloads/.test(call)),
      [`applyWorkloads ${key}`],
    );
  });

  it('is Stalled with HookFailed while a hook fails, and passes when it succeeds', async () => {
    const toy = lab.actor({ operator, skipsTime: true });
    await toy.want(FOUR_ROLES);
    await toy.ready();
    let fails = true;
    toy.failures.set('runHook', () =>
      fails ? stop('HookFailed', 'hook drain failed: no quorum') : undefined,
    );
    await toy.want(CONTROLLER_FIRST);
    await eventually('Stalled', () => toy.condition('Stalled')?.reason === 'HookFailed');
    fails = false;
    await toy.ready();
  });

  it('is Stalled with RolloutTimedOut past the deadline of a stage, and Ready when it heals', async () => {
    const toy = lab.actor({ heals: 'when the test says', skipsTime: true });
    await toy.want(FOUR_ROLES);
    await toy.stalled('RolloutTimedOut');
    assert.match(
      toy.condition('Stalled')?.message ?? '',
      /not through within 1800 s; StatefulSet \S+: 0 of 1/,
    );
    (await toy.history()).noTimersWhenIdle();
    for (const { name } of FOUR_ROLES.nodes) await toy.become(toy.workload(name), 'Current');
    await toy.ready();
  });
});
