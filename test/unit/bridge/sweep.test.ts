import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { Sweep } from '../../../bridge/sweep.ts';

describe('a sweep', () => {
  let running: Set<string>;
  let wanted: Set<string>;
  let told: string[];
  let elsewhere: Set<string>;
  let sweep: Sweep;
  beforeEach(() => {
    [running, wanted, told] = [new Set(['a', 'b']), new Set(['a', 'b']), []];
    elsewhere = new Set();
    sweep = new Sweep({
      async *running() {
        told.push('listed');
        yield* running;
      },
      countRunning: async () => running.size,
      wanted: () => wanted,
      elsewhere: async () => elsewhere,
      isOrphan: (workflowId) => workflowId.startsWith('orphan'),
      onOrphan: (workflowId) => told.push(workflowId),
      onLost: (workflowId) => told.push(`lost ${workflowId}`),
    });
  });

  async function swept(times = 1): Promise<readonly string[]> {
    told.length = 0;
    while (times-- > 0) await sweep.once();
    return told;
  }

  it('lists once, and then only counts while nothing changes', async () => {
    assert.deepEqual(await swept(20), ['listed']);
  });

  it('finds a workflow that is lost when two lists lack it, and tells of it until it runs', async () => {
    await swept();
    running.delete('b');
    assert.deepEqual(await swept(3), ['listed', 'listed', 'lost b', 'listed', 'lost b']);
    running.add('b');
    assert.deepEqual(await swept(3), ['listed']);
  });

  it('finds one whose resource is gone', async () => {
    await swept();
    running.add('orphan');
    assert.deepEqual(await swept(2), ['listed', 'orphan', 'listed', 'orphan']);
  });

  it('counts on where resources come and go with their workflows, or run though nobody wants them to', async () => {
    running.add('ignored');
    await swept();
    for (const set of [running, wanted]) set.add('c');
    assert.deepEqual(await swept(2), []);
  });

  it('lists after thirty counts at the latest: one lost and one too many are as many', async () => {
    await swept();
    running.delete('b');
    running.add('orphan');
    assert.deepEqual(await swept(30), []);
    assert.deepEqual(await swept(2), ['listed', 'orphan', 'listed', 'orphan', 'lost b']);
  });

  it('takes one that another program works on for neither lost nor settled', async () => {
    await swept();
    running.delete('b');
    elsewhere.add('b');
    assert.deepEqual(await swept(3), ['listed', 'listed', 'listed']);
    elsewhere.delete('b');
    assert.deepEqual(await swept(2), ['listed', 'listed', 'lost b']);
  });
});
