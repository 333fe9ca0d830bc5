import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { replay, workflowBundle } from '../../worker/index.ts';
import { configured, FOUR_ROLES } from '../support/toy-specs.ts';
import { WorkflowLab } from '../support/workflow-lab.ts';

const TASK_MS = 2_000;
/** A task is prolonged after four fifths of its time: in the middle of the first, and a moment before and after the end of others. */
const SLOWNESS_MS: readonly number[] = [2_600, 1_560, 1_640, 30];
/** A machine that stands still for a fifth of a task's time has Temporal give the task up, which is another story. */
const MOST_PLAYS = 5;

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;

interface Told {
  readonly workflowId: string;
  readonly history: History;
}

function typesOf({ events }: History): readonly number[] {
  return (events ?? []).map(({ eventType }) => Number(eventType));
}

function wasGivenUp(history: History): boolean {
  const timedOut = 8;
  return typesOf(history).includes(timedOut);
}

/** How often a task was prolonged: one that begins as soon as the one before is completed, with nothing new. */
function prolongations(history: History): number {
  const types = typesOf(history);
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

  /** Slow toys that are told something while tasks are prolonged; undefined when a task was given up. */
  async function play(): Promise<readonly Told[] | undefined> {
    const toys = SLOWNESS_MS.map((first, shift) => {
      const toy = lab.actor({ taskTimeoutMs: TASK_MS });
      let calls = 0;
      const slowly = (): Promise<void> => delay(SLOWNESS_MS[(calls++ + shift) % SLOWNESS_MS.length] ?? first);
      toy.during.set('planResource', slowly);
      toy.during.set('patchStatus', slowly);
      return toy;
    });
    const plays = await Promise.allSettled(
      toys.map(async (toy) => {
        await toy.want(FOUR_ROLES);
        for (const config of ['x', 'y']) {
          for (let count = 0; count < 6; count++) {
            await delay(340);
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
    if (told.some(({ history }) => wasGivenUp(history))) return undefined;
    for (const each of plays) if (each.status === 'rejected') throw each.reason;
    return told;
  }

  it('are replayed as they were, whatever was said meanwhile', async () => {
    let told: readonly Told[] | undefined;
    for (let plays = 0; !told && plays < MOST_PLAYS; plays++) told = await play();
    assert.ok(told, `in each of ${MOST_PLAYS} plays a task was given up`);
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
