import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { FOUR_ROLES } from '../support/toy-specs.ts';
import { WorkflowLab } from '../support/workflow-lab.ts';

const OTHER = 'Toy.toy.dev/other';
const REQUIRING = {
  ...FOUR_ROLES,
  nodes: FOUR_ROLES.nodes.map((node) =>
    node.name === 'server' ? { ...node, requires: [{ name: 'other' }] } : node,
  ),
};

describe('a resource that waits for another', () => {
  let lab: WorkflowLab;
  before(async () => {
    lab = await WorkflowLab.open();
  });
  after(() => lab[Symbol.asyncDispose]());

  it('waits with no timer, looks when it is told, and goes on when the other is ready', async () => {
    const toy = lab.actor();
    toy.unready.set(OTHER, 'does not exist');
    await toy.want(REQUIRING);
    await toy.until('the wait', () => toy.condition('Ready')?.reason === 'DependencyNotReady');
    await toy.until('the rest', () => toy.status?.ready === '3/4');
    await toy.rests();
    assert.equal(toy.objects.has(toy.workload('server')), false);
    (await toy.history()).noTimersWhenIdle();
    toy.unready.set(OTHER, 'is not ready: 0 of 1 replicas ready');
    await toy.tellResource();
    await toy.until(
      'the other words',
      () => toy.condition('Ready')?.message.includes('0 of 1 replicas ready') === true,
    );
    toy.unready.clear();
    await toy.tellResource();
    await toy.ready();
    assert.equal(toy.calls.filter((call) => call === 'planResource').length, 3);
    assert.deepEqual(
      toy.news.filter((line) => line.startsWith('DependencyNotReady')).length,
      1,
      'it is told once',
    );
  });
});
