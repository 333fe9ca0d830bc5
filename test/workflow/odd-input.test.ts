import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { WithStartWorkflowOperation, WorkflowUpdateFailedError } from '@temporalio/client';
import type { PlanAnswer } from '../../activities/index.ts';
import { UPDATES } from '../../workflows/messages.ts';
import { configured, FOUR_ROLES } from '../support/toy-specs.ts';
import type { Actor } from '../support/workflow-lab.ts';
import { WorkflowLab } from '../support/workflow-lab.ts';

/** What the refusal of an Update says. */
function refused(message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof WorkflowUpdateFailedError, String(error));
    assert.match(error.cause?.message ?? '', message);
    return true;
  };
}

async function noTaskFailed(toy: Actor): Promise<void> {
  const { events } = await toy.handle.fetchHistory();
  const failures = (events ?? []).flatMap(
    (event) => event.workflowTaskFailedEventAttributes?.failure?.message ?? [],
  );
  assert.deepEqual(failures, []);
}

describe('a workflow that is sent what means nothing', () => {
  let lab: WorkflowLab;
  before(async () => {
    lab = await WorkflowLab.open();
  });
  after(() => lab[Symbol.asyncDispose]());

  it('looks at everything after a signal without input, or of another shape', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    const service = `Service/${toy.ref.name}-broker`;
    for (const input of [[], [null], ['now'], [{ objects: 7 }], [{ resource: { uid: 1 } }]]) {
      toy.objects.delete(service);
      await toy.handle.signal('objectsChanged', ...input);
      await toy.until('the Service is back', () => toy.objects.has(service));
      await toy.rests();
    }
    await noTaskFailed(toy);
  });

  it('refuses an Update whose fields are of another type, by name', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    const send = (update: string, ...args: unknown[]): Promise<unknown> =>
      toy.handle.executeUpdate<unknown, never>(update, { args: args as never });
    await assert.rejects(send('pause'), refused(/a command is an object with "by"/));
    await assert.rejects(send('pause', { by: 7 }), refused(/"by" is a text, not number/));
    await assert.rejects(
      send('restart', { by: 'ann', roles: 'broker' }),
      refused(/"roles" is a list of roles/),
    );
    await assert.rejects(
      send('restart', { by: 'ann', roles: ['constructor'] }),
      refused(/there is no role "constructor"/),
    );
    await noTaskFailed(toy);
  });

  it('answers an Update that comes before the first plan', async () => {
    const toy = lab.actor();
    toy.resource = { spec: FOUR_ROLES, uid: 'uid-early', generation: 1, held: true };
    const start = new WithStartWorkflowOperation('reconcile', {
      workflowId: toy.workflowId,
      taskQueue: toy.ref.namespace ?? '',
      args: [{ resource: toy.ref, searchAttributes: true }],
      workflowIdConflictPolicy: 'USE_EXISTING',
    });
    const answer = await lab.client.workflow.executeUpdateWithStart(UPDATES.pause, {
      args: [{ by: 'ann' }],
      startWorkflowOperation: start,
    });
    assert.equal(answer.message, 'paused: the resource');
    await noTaskFailed(toy);
  });

  it('turns an error of its own into a condition, and goes on with the next plan that makes sense', async () => {
    const toy = lab.actor({ skipsTime: true });
    await toy.want(FOUR_ROLES);
    await toy.ready();
    toy.distort = (answer) => ({ ...answer, changed: undefined }) as unknown as PlanAnswer;
    await toy.want(configured(FOUR_ROLES, 'x'));
    await toy.until('the error', () => toy.condition('Ready')?.reason === 'InternalError');
    assert.match(toy.condition('Ready')?.message ?? '', /^an error of the operator itself: TypeError/);
    await noTaskFailed(toy);
    toy.distort = (answer) => answer;
    await toy.ready();
  });
});
