import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { divisionOf } from '../../../bridge/division.ts';
import { Relocation } from '../../../bridge/relocation.ts';

const FORMER = divisionOf('toys', { allowed: ['a'] });

describe('a workflow in the task queue of another division', () => {
  let polls: readonly number[];
  let now: number;
  let done: string[];
  let relocation: Relocation;
  beforeEach(() => {
    [polls, now, done] = [[], 0, []];
    const pollersOf = async (): Promise<object> => ({
      pollers: polls.map((seconds) => ({ lastAccessTime: { seconds } })),
    });
    relocation = new Relocation({
      client: {
        options: { namespace: 'default' },
        workflowService: { describeTaskQueue: pollersOf },
        workflow: {
          async *list() {
            yield { workflowId: 'toys/a/one', runId: 'r', taskQueue: FORMER };
          },
          getHandle: () => ({ terminate: async () => done.push('ended') }),
        },
      } as never,
      operator: { name: 'toys' },
      taskQueue: 'toys',
      isWatched: () => true,
      onEnded: (workflowId) => done.push(workflowId),
      log: { info: () => undefined, warn: (_, text) => done.push(text.slice(0, 15)), error: () => undefined },
      now: () => now,
    });
  });

  async function settled(): Promise<readonly string[]> {
    return [...(await relocation.settle())];
  }

  it('is moved at once where no worker polls it', async () => {
    assert.deepEqual(await settled(), []);
    assert.deepEqual(done, ['ended', 'toys/a/one']);
  });

  it('is left to the worker that polls it, which is reported once', async () => {
    for (polls = [1]; now < 600_000; now += 60_000) {
      assert.deepEqual(await settled(), ['toys/a/one']);
      polls = polls.map((each) => each + 60);
    }
    assert.deepEqual(done, ['another program']);
  });

  it('is moved when its workers have not polled for longer than a poll lasts, by whatever clock', async () => {
    for (polls = [1_000_000_000, 5]; now < 75_000; now += 25_000)
      assert.deepEqual(await settled(), ['toys/a/one']);
    assert.deepEqual(await settled(), []);
    assert.deepEqual(done.slice(1), ['ended', 'toys/a/one']);
  });
});
