import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Edit } from '../../../core/commands/edit.ts';
import { annotationOf, edited } from '../../../core/commands/edit.ts';
import { ordersOf } from '../../../core/commands/orders.ts';
import { COMMANDS } from '../../../core/labels.ts';

const NOW = Date.parse('2026-12-01T08:00:00Z');

/** The annotation after the commands, one written over the other. */
function after(text: string | undefined, ...edits: readonly Edit[]): string | undefined {
  return edits.reduce<string | undefined>((known, edit) => {
    const annotations = known === undefined ? {} : { [annotationOf(edit)]: known };
    return edited(edit, { orders: ordersOf(annotations), text: known, now: NOW });
  }, text);
}

function pause(role: string, by = 'ann'): Edit {
  return { kind: 'pause', pause: { scope: { role }, by } };
}

describe('a command over what stands in its annotation', () => {
  it('keeps the pauses that are there, in whatever form, and leaves out those that are over', () => {
    const kept = after('rollouts', pause('broker'));
    assert.equal(kept, '[{"scope":"rollouts"},{"role":"broker","by":"ann"}]');
    assert.equal(after('2026-11-30T08:00:00Z', pause('broker')), '[{"role":"broker","by":"ann"}]');
  });

  it('keeps paused what was paused by a text that cannot be read', () => {
    const { pauses = [] } = ordersOf({ [COMMANDS.pause]: after('yes', pause('broker')) ?? '' });
    assert.deepEqual(
      pauses.map(({ scope }) => scope),
      ['all', { role: 'broker' }],
    );
  });

  it('is there once when it is written twice', () => {
    assert.equal(after(undefined, pause('broker'), pause('broker')), after(undefined, pause('broker')));
    const approve: Edit = { kind: 'approve', approvals: [{ token: '0123abcd', by: 'ann' }], spent: [] };
    assert.equal(after(undefined, approve, approve), '[{"token":"0123abcd","by":"ann"}]');
    const restart: Edit = {
      kind: 'restart',
      restart: { at: '2026-12-01T08:00:00Z', roles: ['a'] },
      done: {},
    };
    assert.equal(after(undefined, restart, restart), after(undefined, restart));
  });

  it('lets two people pause the same thing, and each of them change that', () => {
    const { pauses = [] } = ordersOf({
      [COMMANDS.pause]: after(undefined, pause('a'), pause('a', 'bob'), pause('a')) ?? '',
    });
    assert.deepEqual(
      pauses.map(({ by }) => by),
      ['bob', 'ann'],
    );
  });

  it('adds approvals, and forgets those that are spent or expired', () => {
    const known = JSON.stringify([
      { token: '00000001' },
      { token: '00000002', expires: '2026-11-30T08:00:00Z' },
      { token: '00000003', expires: '2026-12-02T08:00:00.000Z' },
    ]);
    const edit: Edit = { kind: 'approve', approvals: [{ token: '00000004' }], spent: ['00000001'] };
    assert.equal(
      after(known, edit),
      '[{"token":"00000003","expires":"2026-12-02T08:00:00.000Z"},{"token":"00000004"}]',
    );
  });

  it('adds a restart to those that were not carried out yet', () => {
    const [first, second] = ['2026-12-01T08:00:00Z', '2026-12-01T08:00:01Z'];
    const asked = (at: string, role: string, done = {}): Edit => ({
      kind: 'restart',
      restart: { at, roles: [role] },
      done,
    });
    assert.equal(
      after(undefined, asked(first, 'a'), asked(second, 'b')),
      JSON.stringify([
        { at: first, roles: ['a'] },
        { at: second, roles: ['b'] },
      ]),
    );
    assert.equal(
      after(JSON.stringify({ at: first, roles: ['a'] }), asked(second, 'b', { a: first })),
      JSON.stringify([{ at: second, roles: ['b'] }]),
    );
  });
});
