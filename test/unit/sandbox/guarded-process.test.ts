import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { spawnGuarded } from '../../../sandbox/guarded-process.ts';
import { isAlive } from '../../../sandbox/lock.ts';
import { eventually } from '../../../testing/eventually.ts';

/** Starts a process that would sleep for ever, and says which. */
const STARTER = `
import { spawnGuarded } from ${JSON.stringify(import.meta.resolve('../../../sandbox/guarded-process.ts'))};
console.log(spawnGuarded({ command: 'sleep', args: ['infinity'], directory: '/', env: {}, output: 'pipe' }).pid);
`;

describe('a guarded process', () => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL'] as const)
    it(`ends with the one that started it, when that gets ${signal}`, async () => {
      const starter = spawn(process.execPath, ['--input-type=module', '-e', STARTER], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [line] = await once(createInterface({ input: starter.stdout }), 'line');
      const pid = Number(line);
      assert.ok(isAlive(pid));
      starter.kill(signal);
      await eventually('end of it', () => !isAlive(pid));
    });

  it('has the environment of the one that started it, without what is taken away', async () => {
    process.env['KEPT'] = 'kept';
    process.env['TAKEN'] = 'taken';
    const echo = spawnGuarded({
      command: 'sh',
      args: ['-c', 'echo "$KEPT ${TAKEN-none} $GIVEN"'],
      directory: '/',
      env: { TAKEN: undefined, GIVEN: 'given' },
      output: 'pipe',
    });
    const [stdout] = echo.streams;
    assert.ok(stdout);
    const [line] = await once(createInterface({ input: stdout }), 'line');
    assert.equal(line, 'kept none given');
    assert.equal(await echo.ended, 'exit code 0');
  });
});
