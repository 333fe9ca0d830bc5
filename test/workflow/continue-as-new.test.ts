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

/** Fills the history of the run until the workflow has begun another. */
async function turnOver(toy: Actor): Promise<Carried> {
  const { runId } = await toy.handle.describe();
  const burst = Array.from({ length: 100 }, () => toy.signal({ objects: [] }));
  await Promise.all(burst);
  for (let round = 0; (await toy.handle.describe()).runId === runId; round++) {
    assert.ok(round < 20, 'the history is long, and nothing continues as new');
    await Promise.all(burst.map(() => toy.signal({ objects: [] })));
    await toy.rests();
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
    const { runId } = await toy.handle.describe();
    let generation = 0;
    while ((await toy.handle.describe()).runId === runId) {
      generation++;
      await Promise.all([
        ...Array.from({ length: 60 }, () => toy.signal({ objects: [] })),
        toy.want(configured(FOUR_ROLES, `${generation}`, 'broker')),
      ]);
    }
    await eventually('the last spec is reconciled', () => toy.isReady());
    assert.equal(toy.status?.observedGeneration, toy.resource?.generation);
  });
});
