import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { replay, workflowBundle } from '../../worker/index.ts';
import { configured, FOUR_ROLES } from '../support/toy-specs.ts';
import { WorkflowLab } from '../support/workflow-lab.ts';

const TASK_MS = 1_000;
/** A task is prolonged after four fifths of its time: in the middle of the first, and a moment before and after the end of others. */
const SLOWNESS_MS: readonly number[] = [1_300, 780, 820, 30];

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;

/** How often a task was prolonged: one that begins as soon as the one before is completed, with nothing new. */
function prolongations({ events }: History): number {
  const types = (events ?? []).map(({ eventType }) => Number(eventType));
  const [scheduled, completed, marker] = [5, 7, 25];
  return types.filter(
    (type, index) =>
      type === scheduled && types.slice(0, index).findLast((before) => before !== marker) === completed,
  ).length;
}

describe('workflow tasks that are prolonged, since looks and statuses take long', () => {
  let lab: WorkflowLab;
  before(async () => {
    lab = await WorkflowLab.open();
  });
  after(() => lab[Symbol.asyncDispose]());

  it('are replayed as they were, whatever was said meanwhile', async () => {
    const toys = SLOWNESS_MS.map((first, shift) => {
      const toy = lab.actor({ taskTimeoutMs: TASK_MS });
      let calls = 0;
      const slowly = (): Promise<void> => delay(SLOWNESS_MS[(calls++ + shift) % SLOWNESS_MS.length] ?? first);
      toy.during.set('planResource', slowly);
      toy.during.set('patchStatus', slowly);
      return toy;
    });
    await Promise.all(
      toys.map(async (toy) => {
        await toy.want(FOUR_ROLES);
        for (const config of ['x', 'y']) {
          for (let count = 0; count < 6; count++) {
            await delay(170);
            await toy.signal({ objects: [] });
          }
          await toy.want(configured(FOUR_ROLES, config));
        }
        await toy.ready();
      }),
    );
    const told = await Promise.all(
      toys.map(async ({ workflowId, handle }) => ({ workflowId, history: await handle.fetchHistory() })),
    );
    const counts = told.map(({ history }) => prolongations(history));
    assert.ok(
      counts.some((count) => count > 0),
      `prolonged: ${counts.join()}`,
    );
    const histories = told.map(({ workflowId, history }) => ({
      workflowId,
      history: JSON.parse(historyToJSON(history)),
    }));
    for await (const { workflowId, difference } of replay({ bundle: await workflowBundle(), histories }))
      assert.equal(difference, undefined, workflowId);
  });
});
