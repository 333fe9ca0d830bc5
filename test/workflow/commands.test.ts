import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { COMMANDS } from '../../core/labels.ts';
import { stop } from '../../activities/failure.ts';
import { UPDATES } from '../../workflows/messages.ts';
import { configured, FOUR_ROLES } from '../support/toy-specs.ts';
import { toyOperator } from '../support/toy-operator.ts';
import { WorkflowLab } from '../support/workflow-lab.ts';

const X = configured(FOUR_ROLES, 'x');

/** What the refusal of an Update says. */
function refused(message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof WorkflowUpdateFailedError, String(error));
    assert.match(error.cause?.message ?? '', message);
    return true;
  };
}

describe('a command to the workflow of a resource', () => {
  let lab: WorkflowLab;
  before(async () => {
    lab = await WorkflowLab.open();
  });
  after(() => lab[Symbol.asyncDispose]());

  it('approves what waits, says what it approved, and is written to the resource', async () => {
    const toy = lab.actor({ operator: toyOperator({ rollout: { approval: ['controller'] } }) });
    await toy.want(FOUR_ROLES);
    await toy.ready();
    await toy.want(X);
    await toy.until('the wait', () => toy.condition('Progressing')?.reason === 'AwaitingApproval');
    const answer = await toy.handle.executeUpdate(UPDATES.approve, {
      args: [{ by: 'ann', why: 'reviewed' }],
    });
    assert.equal(answer.message, 'approved: controller (AwaitingApproval)');
    await toy.ready();
    assert.match(toy.annotations[COMMANDS.approve] ?? '', /"by":"ann","why":"reviewed"/);
  });

  it('is refused with the reason when it makes no sense, and changes nothing', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    const by = 'ann';
    const { handle } = toy;
    await assert.rejects(
      handle.executeUpdate(UPDATES.approve, { args: [{ by }] }),
      refused(/nothing waits for an approval/),
    );
    await assert.rejects(
      handle.executeUpdate(UPDATES.rollBack, { args: [{ by }] }),
      refused(/nothing to go back to/),
    );
    await assert.rejects(handle.executeUpdate(UPDATES.retry, { args: [{ by }] }), refused(/nothing waits/));
    await assert.rejects(
      handle.executeUpdate(UPDATES.resume, { args: [{ by }] }),
      refused(/nothing is paused/),
    );
    await assert.rejects(
      handle.executeUpdate(UPDATES.abandon, { args: [{ by }] }),
      refused(/not being deleted/),
    );
    await assert.rejects(
      handle.executeUpdate(UPDATES.restart, { args: [{ by, roles: ['zookeeper'] }] }),
      refused(/no role "zookeeper"; there are broker, controller, minion, server/),
    );
    await assert.rejects(
      handle.executeUpdate(UPDATES.pause, { args: [{ by, until: '2020-01-01T00:00:00Z' }] }),
      refused(/"until" is past/),
    );
    await assert.rejects(
      handle.executeUpdate(UPDATES.pause, { args: [{ by: '' }] }),
      refused(/"by" says who/),
    );
    assert.deepEqual(toy.annotations, {});
  });

  it('pauses and resumes', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    await toy.handle.executeUpdate(UPDATES.pause, { args: [{ by: 'ann', scope: 'rollouts' }] });
    await toy.until('Paused', () => toy.condition('Paused')?.message === 'rollouts are paused by ann');
    await toy.want(X);
    await toy.until('held', () => toy.condition('Progressing')?.reason === 'Paused');
    await toy.handle.executeUpdate(UPDATES.resume, { args: [{ by: 'bob' }] });
    await toy.ready();
  });

  it('takes effect beside those that are given at the same moment', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    const objects = FOUR_ROLES.nodes
      .slice(0, 2)
      .map(({ name }) => ({ object: `StatefulSet/${toy.ref.name}-${name}` }));
    const subjects = [...FOUR_ROLES.nodes.map(({ role }) => ({ role })), ...objects];
    assert.equal(subjects.length, 6);
    await Promise.all(
      subjects.map((subject) =>
        toy.handle.executeUpdate(UPDATES.pause, { args: [{ by: 'ann', ...subject }] }),
      ),
    );
    await toy.until('six pauses', () => toy.condition('Paused')?.message.split('; ').length === 6);
    await toy.handle.executeUpdate(UPDATES.resume, { args: [{ by: 'ann' }] });
    const restarts = ['server', 'controller'].map((role) => ({ by: 'ann', roles: [role] }));
    await Promise.all(restarts.map((args) => toy.handle.executeUpdate(UPDATES.restart, { args: [args] })));
    await toy.until(
      'both restarts',
      () =>
        Object.keys(toy.status?.memory?.restarts ?? {})
          .sort()
          .join() === 'controller,server',
    );
    await toy.ready();
  });

  it('rolls back', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    await toy.want(X);
    await toy.ready();
    const { message } = await toy.handle.executeUpdate(UPDATES.rollBack, {
      args: [{ by: 'ann', why: 'slow' }],
    });
    assert.equal(message, 'rolling back generation 2 to what was good at generation 1');
    await toy.until('rolled back', () => toy.condition('Stalled')?.reason === 'RolledBack');
    assert.match(toy.condition('Stalled')?.message ?? '', /rollback requested: slow by ann/);
  });

  it('tries at once what was refused, however long that would wait', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    const key = toy.workload('controller');
    toy.refused.set(key, 'admission webhook said no');
    await toy.want(X);
    await toy.until('Stalled', () => toy.condition('Stalled')?.status === 'True');
    toy.refused.clear();
    await toy.handle.executeUpdate(UPDATES.retry, { args: [{ by: 'ann' }] });
    await toy.ready();
  });

  it('abandons a deletion that cannot end, and says who did', async () => {
    const toy = lab.actor();
    toy.cleansUp = true;
    await toy.want(FOUR_ROLES);
    await toy.ready();
    toy.failures.set('cleanUp', () => stop('HookFailed', 'the bucket is in use'));
    await toy.delete();
    await toy.until('the failure', () => toy.condition('Ready')?.reason === 'HookFailed');
    await toy.handle.executeUpdate(UPDATES.abandon, { args: [{ by: 'ann', why: 'the backend is gone' }] });
    await toy.handle.result();
    assert.equal(toy.resource, undefined);
    assert.ok(toy.calls.includes('abandonResource'));
  });
});
