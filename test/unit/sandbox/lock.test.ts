import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { withLock } from '../../../sandbox/lock.ts';

describe('a lock', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'lock-'));
  after(() => rmSync(directory, { recursive: true }));

  it('lets one in at a time, and tells the others whom they wait for', async () => {
    const file = path.join(directory, 'shared');
    let inside = 0;
    const waitedFor: number[] = [];
    const work = async (): Promise<void> => {
      assert.equal(++inside, 1);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
    };
    await Promise.all(
      Array.from({ length: 5 }, () => withLock(file, work, { onWait: (pid) => waitedFor.push(pid) })),
    );
    assert.ok(waitedFor.length > 0);
    assert.ok(waitedFor.every((pid) => pid === process.pid));
    assert.equal(existsSync(file), false);
  });

  it('is taken over from an owner that has died, by one only', async () => {
    const file = path.join(directory, 'stale');
    const { pid } = spawnSync('true');
    writeFileSync(file, String(pid));
    let inside = 0;
    const work = async (): Promise<void> => {
      assert.equal(++inside, 1);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
    };
    await Promise.all(Array.from({ length: 5 }, () => withLock(file, work)));
  });

  it('is taken over when it does not name an owner', async () => {
    const file = path.join(directory, 'garbled');
    writeFileSync(file, 'not a number');
    assert.equal(await withLock(file, async () => 'in'), 'in');
  });
});
