import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { restartAt, restartsLeft, restartsWith } from '../../../core/commands/restart.ts';

const [FIRST, SECOND, THIRD] = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', '2026-01-03T00:00:00Z'];

function asked(at: string, ...roles: readonly string[]): string {
  return JSON.stringify({ at, ...(roles.length > 0 ? { roles } : {}) });
}

describe('restarts', () => {
  it('leave the time of every other role as it is', () => {
    const all = restartsWith({}, FIRST);
    const one = restartsWith(all, asked(SECOND, 'broker'));
    assert.equal(restartAt(one, 'broker'), SECOND);
    assert.equal(restartAt(one, 'server'), FIRST);
    assert.equal(restartAt(one, undefined), FIRST);
  });

  it('of all roles reach a role that was restarted by itself before', () => {
    const known = restartsWith(restartsWith({}, asked(SECOND, 'broker')), THIRD);
    assert.equal(restartAt(known, 'broker'), THIRD);
  });

  it('stay as they are when the annotation goes, is older, or cannot be read', () => {
    const known = restartsWith({}, SECOND);
    for (const text of [undefined, '', ' ', FIRST, SECOND, 'soon', '{"at":'])
      assert.deepEqual(restartsWith(known, text), known, String(text));
  });

  it('of one moment are each carried out once, for the roles that each names', () => {
    const both = `[${asked(SECOND, 'broker')},${asked(THIRD, 'server')}]`;
    const known = restartsWith({}, both);
    assert.deepEqual([restartAt(known, 'broker'), restartAt(known, 'server')], [SECOND, THIRD]);
    assert.equal(restartAt(known, 'minion'), undefined);
    assert.deepEqual(restartsLeft(both, restartsWith({}, asked(SECOND, 'broker'))), [
      { at: THIRD, roles: ['server'] },
    ]);
    assert.deepEqual(restartsLeft(both, known), []);
  });

  it('take any name for a role', () => {
    for (const role of ['constructor', '__proto__', 'toString']) {
      assert.equal(restartAt({}, role), undefined);
      assert.equal(restartAt(restartsWith({}, asked(FIRST, role)), role), FIRST);
    }
  });
});
