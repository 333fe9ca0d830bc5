import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { defaultPayloadConverter } from '@temporalio/common';
import { configured, FOUR_ROLES } from '../support/toy-specs.ts';
import { toyOperator } from '../support/toy-operator.ts';
import type { Actor } from '../support/workflow-lab.ts';
import { WorkflowLab } from '../support/workflow-lab.ts';
import type { Carried } from '../../workflows/reconcile.ts';
import { eventually } from '../../testing/eventually.ts';

const X = configured(FOUR_ROLES, 'x');

/** No run takes more signals. */
const MOST_SIGNALS = 150;
/** A server holds back 100 signals while a task runs, and fails the task when more come. */
const BURST = 30;

async function burst(toy: Actor): Promise<void> {
  await Promise.all(Array.from({ length: BURST }, () => toy.signal({ objects: [] })));
  await toy.rests();
}

/** Fills the history of the run until the workflow has begun another. */
async function turnOver(toy: Actor): Promise<Carried> {
  const { runId } = await toy.handle.describe();
  for (let signals = 0; (await toy.handle.describe()).runId === runId; signals += BURST) {
    assert.ok(signals < MOST_SIGNALS, 'the history is long, and nothing continues as new');
    await burst(toy);
  }
  return carriedInto(toy);
}

async function carriedInto(toy: Actor): Promise<Carried> {
  const { events } = await toy.handle.fetchHistory();
  const payloads = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  const [, carried] = payloads.map((payload) => defaultPayloadConverter.fromPayload(payload));
  assert.ok(carried, 'a run that was continued is given what was carried');
  return carried as Carried;
}

describe('continue as new', () => {
  let lab: WorkflowLab;
  before(async () => {
    lab = await WorkflowLab.open();
  });
  after(() => lab[Symbol.asyncDispose]());

  it('in the middle of an upgrade keeps its place, and finishes', async () => {
    const toy = lab.actor();
    await toy.installed(FOUR_ROLES);
    await toy.want(X);
    await toy.until('the controller rolls', () => toy.status?.stage === 'controller');
    const { state } = await turnOver(toy);
    assert.deepEqual(Object.keys(state.rollout?.stages ?? {}), ['0', '1', '2', '3']);
    for (const { name } of FOUR_ROLES.nodes) {
      await toy.until(`${name} rolls`, () => toy.status?.stage === name);
      await toy.rests();
      await toy.become(toy.workload(name), 'Current');
    }
    await toy.ready();
    (await toy.history()).appliedInOrder('broker', 'server', 'minion').never('controller');
    assert.equal(toy.news.filter((each) => each.startsWith('RolloutStarted: upgrade')).length, 1);
    assert.equal(toy.news.filter((each) => each.startsWith('RolloutCompleted: upgrade')).length, 1);
  });

  it('keeps a closed gate closed, and its timer', async () => {
    const operator = toyOperator({
      gate: function segmentsLoaded() {
        return true;
      },
    });
    const toy = lab.actor({ operator });
    await toy.want(FOUR_ROLES);
    await toy.ready();
    toy.gate = 'not yet';
    await toy.want(X);
    await toy.until('the closed gate', () => toy.condition('Ready')?.reason === 'GateClosed');
    await turnOver(toy);
    toy.calls.length = 0;
    toy.gate = true;
    await toy.ready();
    const story = toy.calls.filter((call) => /checkGate|applyWorkloads/.test(call));
    assert.deepEqual(story.slice(0, 2), [
      `checkGate ${toy.workload('controller')}`,
      `applyWorkloads ${toy.workload('broker')}`,
    ]);
  });

  it('of an idle resource writes nothing and carries plain JSON', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    const written = toy.statuses.length;
    const applied = toy.calls.filter((call) => call.startsWith('apply')).length;
    const carried = await turnOver(toy);
    await toy.rests();
    assert.deepEqual(JSON.parse(JSON.stringify(carried)), carried);
    assert.equal(toy.statuses.length, written);
    assert.equal(toy.calls.filter((call) => call.startsWith('apply')).length, applied);
    (await toy.history()).noTimersWhenIdle().events(15);
  });

  it('loses no signal that comes while it happens', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    const runs = new Set<string>();
    for (let generation = 2; runs.size < 4; generation++) {
      assert.ok(generation < 60, 'nothing continues as new');
      await Promise.all([burst(toy), toy.want(configured(FOUR_ROLES, `${generation}`, 'broker'))]);
      runs.add((await toy.handle.describe()).runId);
    }
    await eventually('the last spec is reconciled', () => toy.isReady());
    assert.equal(toy.status?.observedGeneration, toy.resource?.generation);
  });
});
