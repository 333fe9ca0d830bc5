import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Context } from '@temporalio/activity';
import { heartbeating, OFTEN_MS } from '../../activities/heartbeat.ts';
import { COMMANDS } from '../../core/labels.ts';
import { eventually } from '../../testing/eventually.ts';
import { UPDATES } from '../../workflows/messages.ts';
import { configured, FOUR_ROLES } from '../support/toy-specs.ts';
import { toyOperator } from '../support/toy-operator.ts';
import type { Actor } from '../support/workflow-lab.ts';
import { WorkflowLab } from '../support/workflow-lab.ts';

const X = configured(FOUR_ROLES, 'x');

function drain(): void {}
function settled(): true {
  return true;
}

/** Until it is cancelled, as an activity does that lives. */
function hang(): Promise<void> {
  return heartbeating(() => Context.current().cancelled, OFTEN_MS);
}

function began(toy: Actor, call: string): Promise<void> {
  return eventually(call, () => toy.calls.some((each) => each.startsWith(call)) || undefined).then(
    () => undefined,
  );
}

describe('operator code that hangs', () => {
  let lab: WorkflowLab;
  before(async () => {
    lab = await WorkflowLab.open();
  });
  after(() => lab[Symbol.asyncDispose]());

  async function hangingHook(): Promise<Actor> {
    const toy = lab.actor({ operator: toyOperator({ before: drain }) });
    await toy.want(FOUR_ROLES);
    await toy.ready();
    toy.during.set('runHook', hang);
    toy.calls.length = 0;
    await toy.want(X);
    await began(toy, 'runHook before');
    return toy;
  }

  it('is named in the status, with when it began', async () => {
    const toy = await hangingHook();
    const { name } = toy.ref;
    const expected = new RegExp(`^StatefulSet ${name}-controller: hook drain runs since 20\\S+Z`);
    await toy.until('the hook', () => expected.test(toy.condition('Ready')?.message ?? ''));
    toy.during.clear();
    await toy.want(FOUR_ROLES);
    await toy.ready();
  });

  it('holds up no newer spec', async () => {
    const toy = await hangingHook();
    toy.during.clear();
    await toy.want(configured(FOUR_ROLES, 'y'));
    await toy.ready();
    assert.equal(toy.status?.observedGeneration, 3);
  });

  it('holds up no deletion', async () => {
    const toy = await hangingHook();
    await toy.delete();
    await toy.handle.result();
    assert.equal(toy.objects.size, 0);
  });

  it('holds up no pause and no rollback', async () => {
    const toy = await hangingHook();
    await toy.handle.executeUpdate(UPDATES.pause, { args: [{ by: 'ann' }] });
    await toy.until('Paused', () => toy.condition('Ready')?.reason === 'Paused');
    toy.during.clear();
    await toy.handle.executeUpdate(UPDATES.rollBack, { args: [{ by: 'ann' }] });
    await toy.handle.executeUpdate(UPDATES.resume, { args: [{ by: 'ann' }] });
    await toy.stalled('RolledBack');
  });

  it('holds up no repair of what its turn is not about', async () => {
    const toy = await hangingHook();
    const service = `Service/${toy.ref.name}-minion`;
    await toy.vanish(service);
    await toy.until('the Service is back', () => toy.objects.has(service));
    assert.equal(toy.calls.filter((call) => call.startsWith('runHook before')).length, 1);
    await toy.delete();
    await toy.handle.result();
  });

  it('as a gate holds up no newer spec, and is named once it takes long', async () => {
    const toy = lab.actor({ operator: toyOperator({ gate: settled }) });
    await toy.want(FOUR_ROLES);
    await toy.ready();
    toy.during.set('checkGate', hang);
    await toy.want(X);
    await began(toy, 'checkGate');
    await toy.until('the gate', () => /gate settled runs since/.test(toy.condition('Ready')?.message ?? ''));
    toy.during.clear();
    await toy.want(configured(FOUR_ROLES, 'y'));
    await toy.ready();
  });

  it('as onDelete is named, and ends with an abandoned deletion', async () => {
    const toy = lab.actor();
    toy.cleansUp = true;
    await toy.want(FOUR_ROLES);
    await toy.ready();
    toy.during.set('cleanUp', hang);
    await toy.delete();
    await toy.until(
      'onDelete',
      () => toy.condition('Ready')?.message.startsWith('onDelete runs since') === true,
    );
    const { message } = await toy.handle.executeUpdate(UPDATES.abandon, { args: [{ by: 'ann' }] });
    assert.match(message, /the deletion ends/);
    await toy.handle.result();
    assert.equal(toy.resource, undefined);
  });

  it('is never run a second time before the first run has ended', async () => {
    const toy = lab.actor({ operator: toyOperator({ before: drain }) });
    await toy.want(FOUR_ROLES);
    await toy.ready();
    let running = 0;
    let most = 0;
    toy.during.set('runHook', async () => {
      most = Math.max(most, ++running);
      try {
        await hang();
      } finally {
        running -= 1;
      }
    });
    toy.calls.length = 0;
    for (const value of ['first', 'second', 'third']) {
      const before = toy.calls.filter((call) => call.startsWith('runHook')).length;
      await toy.want(configured(FOUR_ROLES, value));
      await eventually(
        'another run',
        () => toy.calls.filter((call) => call.startsWith('runHook')).length > before,
      );
    }
    assert.equal(most, 1);
    toy.during.clear();
    await toy.annotate({ [COMMANDS.pause]: 'true' });
    await toy.until('Paused', () => toy.condition('Ready')?.reason === 'Paused');
    await toy.delete();
    await toy.handle.result();
  });
});
