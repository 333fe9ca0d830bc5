import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { COMMANDS } from '../../core/labels.ts';
import type { RolloutPolicy } from '../../index.ts';
import { configured, FOUR_ROLES } from '../support/toy-specs.ts';
import { toyOperator } from '../support/toy-operator.ts';
import type { Actor } from '../support/workflow-lab.ts';
import { WorkflowLab } from '../support/workflow-lab.ts';

const X = configured(FOUR_ROLES, 'x');
const DAY = 86_400_000;

async function held(toy: Actor, reason: string): Promise<void> {
  await toy.until(`${reason}`, () => toy.condition('Progressing')?.reason === reason);
  await toy.rests();
}

async function upgrading(lab: WorkflowLab, rollout: RolloutPolicy, skipsTime = false): Promise<Actor> {
  const toy = lab.actor({ operator: toyOperator({ rollout }), skipsTime });
  await toy.want(FOUR_ROLES);
  await toy.ready();
  toy.calls.length = 0;
  await toy.want(X);
  return toy;
}

describe('a rollout that is held', () => {
  let lab: WorkflowLab;
  before(async () => {
    lab = await WorkflowLab.open();
  });
  after(() => lab[Symbol.asyncDispose]());

  it('waits at each stage that needs an approval, says how to give it, and goes on with it', async () => {
    const toy = await upgrading(lab, { approval: ['broker'] });
    await held(toy, 'AwaitingApproval');
    assert.deepEqual(toy.rolled(), ['controller']);
    const [pending, ...others] = toy.status?.rollout?.pendingApprovals ?? [];
    assert.deepEqual(others, []);
    assert.equal(pending?.stage, 'broker');
    assert.ok(toy.news.some((news) => news.startsWith('ApprovalRequested') && news.includes(pending.token)));
    await toy.annotate({ [COMMANDS.approve]: '00000000' });
    await toy.rests();
    assert.deepEqual(toy.rolled(), ['controller']);
    await toy.annotate({ [COMMANDS.approve]: pending.token });
    await toy.ready();
    assert.deepEqual(toy.rolled(), ['controller', 'broker', 'server', 'minion']);
    assert.equal(toy.status?.rollout?.pendingApprovals, undefined);
  });

  it('asks anew for the next change: an approval is of one plan', async () => {
    const toy = await upgrading(lab, { approval: ['controller'] });
    await held(toy, 'AwaitingApproval');
    const [first] = toy.status?.rollout?.pendingApprovals ?? [];
    await toy.annotate({ [COMMANDS.approve]: first?.token ?? '' });
    await toy.ready();
    await toy.want(configured(FOUR_ROLES, 'y'));
    await held(toy, 'AwaitingApproval');
    assert.notEqual(toy.status?.rollout?.pendingApprovals?.[0]?.token, first?.token);
  });

  it('does not count an approval that has expired', async () => {
    const toy = await upgrading(lab, { approval: ['controller'] });
    await held(toy, 'AwaitingApproval');
    const [pending] = toy.status?.rollout?.pendingApprovals ?? [];
    const expires = new Date(Date.now() - 1_000).toISOString();
    await toy.annotate({ [COMMANDS.approve]: JSON.stringify({ token: pending?.token, expires }) });
    await toy.rests();
    assert.deepEqual(toy.rolled(), []);
  });

  it('asks for an approval also where only the resource wishes it', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    toy.annotations = { [COMMANDS.approval]: 'required' };
    toy.calls.length = 0;
    await toy.want(X);
    await held(toy, 'AwaitingApproval');
    assert.deepEqual(toy.rolled(), []);
  });

  it('is watched for thirty days after a stage, in no time of ours', async () => {
    const began = Date.now();
    const toy = await upgrading(lab, { bake: { controller: '30 days' }, deadline: '60 days' }, true);
    await toy.ready();
    const [controller, broker] = toy.status?.rollout?.stages ?? [];
    const baked = Date.parse(broker?.startedAt ?? '') - Date.parse(controller?.finishedAt ?? '');
    assert.ok(baked >= 30 * DAY, `${baked} ms`);
    assert.ok(Date.now() - began < 60_000);
  });

  it('waits for its maintenance window, and says when that is', async () => {
    // Never now: the window is in another month.
    const month = ((new Date().getUTCMonth() + 6) % 12) + 1;
    const windows = [{ schedule: `0 3 1 ${month} *`, duration: '4 hours' }];
    const toy = await upgrading(lab, { windows });
    await held(toy, 'WindowClosed');
    assert.deepEqual(toy.rolled(), []);
    const next = new Date(toy.status?.rollout?.nextWindow ?? '');
    assert.deepEqual([next.getUTCMonth() + 1, next.getUTCDate(), next.getUTCHours()], [month, 1, 3]);
  });

  it('goes on when the window opens, months later', async () => {
    const month = ((new Date().getUTCMonth() + 6) % 12) + 1;
    const windows = [{ schedule: `0 3 1 ${month} *`, duration: '4 hours' }];
    const toy = await upgrading(lab, { windows, deadline: '365 days' }, true);
    await toy.ready();
    assert.deepEqual(toy.rolled(), ['controller', 'broker', 'server', 'minion']);
    const started = new Date(toy.status?.rollout?.stages[0]?.startedAt ?? '');
    assert.equal(started.getUTCMonth() + 1, month);
  });

  it('passes a closed window by an approval of its own, stage by stage', async () => {
    const month = ((new Date().getUTCMonth() + 6) % 12) + 1;
    const toy = await upgrading(lab, { windows: [{ schedule: `0 3 1 ${month} *`, duration: '1 hour' }] });
    await held(toy, 'WindowClosed');
    await toy.annotate({ [COMMANDS.approve]: toy.status?.rollout?.pendingApprovals?.[0]?.token ?? '' });
    await toy.until('the next stage', () => toy.rolled().length === 1 && toy.status?.stage === '-');
    await held(toy, 'WindowClosed');
    assert.deepEqual(toy.rolled(), ['controller']);
  });

  it('restarts nothing while rollouts are paused', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    await toy.annotate({ [COMMANDS.pause]: 'rollouts' });
    await toy.until('Paused', () => toy.condition('Paused')?.status === 'True');
    toy.calls.length = 0;
    await toy.want(X);
    await held(toy, 'Paused');
    assert.deepEqual(toy.rolled(), []);
    await toy.annotate({ [COMMANDS.pause]: '' });
    await toy.ready();
    assert.equal(toy.condition('Paused'), undefined);
  });

  it('changes nothing at all while the resource is paused, and goes on when the time has come', async () => {
    const toy = lab.actor({ skipsTime: true });
    await toy.want(FOUR_ROLES);
    await toy.ready();
    const until = new Date(Date.now() + 2 * DAY).toISOString();
    await toy.annotate({ [COMMANDS.pause]: JSON.stringify({ until, by: 'ann', why: 'audit' }) });
    await toy.until('Paused', () => toy.condition('Paused')?.message.endsWith('by ann: audit') ?? false);
    assert.ok(toy.news.some((news) => /^Paused: is paused until .* by ann: audit$/.test(news)));
    toy.calls.length = 0;
    await toy.want(X);
    await toy.ready();
    const started = Date.parse(toy.status?.rollout?.stages[0]?.startedAt ?? '');
    assert.ok(started >= Date.parse(until));
    assert.equal(toy.condition('Paused'), undefined);
  });

  it('leaves a paused role alone, and what comes after it', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    await toy.annotate({ [COMMANDS.pause]: JSON.stringify({ role: 'server', by: 'ann' }) });
    toy.calls.length = 0;
    await toy.want(X);
    await held(toy, 'Paused');
    assert.deepEqual(toy.rolled(), ['controller', 'broker']);
  });

  it('deletes a resource that is paused', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    await toy.annotate({ [COMMANDS.pause]: 'true' });
    await toy.delete();
    await toy.handle.result();
    assert.equal(toy.objects.size, 0);
  });

  it('changes nothing while a pause cannot be read, or names what is not there, and says what was expected', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    await toy.annotate({ [COMMANDS.pause]: 'tomorrow' });
    toy.calls.length = 0;
    await toy.want(X);
    await held(toy, 'Paused');
    assert.match(await toy.page(), /annotation durable-operator.dev\/pause: "tomorrow" is not understood/);
    for (const odd of ['True', '{"role":"brokr"}', '{"object":"StatefulSet/nothing"}']) {
      await toy.annotate({ [COMMANDS.pause]: odd });
      await toy.until(odd, () => /brokr|nothing|cannot be read/.test(toy.condition('Paused')?.message ?? ''));
      await toy.rests();
    }
    assert.match(toy.condition('Paused')?.message ?? '', /there is no object "StatefulSet\/nothing"/);
    assert.deepEqual(toy.rolled(), []);
    await toy.annotate({ [COMMANDS.pause]: '' });
    await toy.ready();
  });

  it('of a policy that means nothing is Stalled naming its field', async () => {
    const toy = lab.actor({
      operator: toyOperator({ rollout: { windows: [{ schedule: 'at night', duration: '1 hour' }] } }),
    });
    await toy.want(FOUR_ROLES);
    await toy.stalled('PlanInvalid');
    assert.match(toy.condition('Stalled')?.message ?? '', /rollout\.windows\[0\]\.schedule: "at night"/);
  });

  it('restarts pods on demand in order, of the roles that were named', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    toy.calls.length = 0;
    const at = new Date().toISOString();
    await toy.annotate({ [COMMANDS.restartedAt]: JSON.stringify({ at, roles: ['server', 'controller'] }) });
    await toy.until('the restart', () => toy.status?.rollout?.trigger === 'Restart' && toy.isReady());
    assert.deepEqual(toy.rolled(), ['controller', 'server']);
  });

  it('restarts each role once, whatever is restarted later and when the annotation goes', async () => {
    const toy = lab.actor();
    await toy.want(FOUR_ROLES);
    await toy.ready();
    const restarted = async (restart: string, roles: readonly string[]): Promise<void> => {
      toy.calls.length = 0;
      await toy.annotate({ [COMMANDS.restartedAt]: restart });
      await toy.until(restart, () => toy.isReady() && toy.rolled().length === roles.length);
      await toy.rests();
      assert.deepEqual(toy.rolled(), roles);
    };
    await restarted('2026-01-01T00:00:00Z', ['controller', 'broker', 'server', 'minion']);
    await restarted('{"at":"2026-01-02T00:00:00Z","roles":["broker"]}', ['broker']);
    await restarted('{"at":"2026-01-03T00:00:00Z","roles":["server"]}', ['server']);
    // Older than what was carried out, or gone: nothing is asked for.
    await restarted('2026-01-01T00:00:00Z', []);
    await restarted('', []);
  });

  it('asks for an approval also where the first install never became whole', async () => {
    const toy = lab.actor({
      operator: toyOperator({
        gate: function loaded() {
          return true as const;
        },
        rollout: { approval: 'required' },
      }),
    });
    toy.gate = 'not yet';
    await toy.want(FOUR_ROLES);
    await toy.until('the gate is closed', () => toy.condition('Ready')?.reason === 'GateClosed');
    toy.calls.length = 0;
    await toy.want(X);
    await held(toy, 'AwaitingApproval');
    assert.deepEqual(toy.rolled(), []);
    assert.equal(toy.status?.rollout?.trigger, 'Change');
  });
});
