import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startGuarded } from '../../sandbox/guarded-process.ts';
import { isAlive } from '../../sandbox/lock.ts';
import { eventually } from '../../testing/eventually.ts';
import { Servers } from './servers.ts';

describe('the servers under fault', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'servers-'));
  });
  after(() => rm(directory, { recursive: true }));

  /** As the sandbox has started one: its guard has become the server. */
  async function started(name: string): Promise<number> {
    const logFile = join(directory, name);
    const { pid } = startGuarded({ name, command: 'sleep', args: ['infinity'], directory, logFile });
    await eventually('the server', async () =>
      (await readFile(`/proc/${pid}/cmdline`, 'utf8')).startsWith('sleep'),
    );
    return pid;
  }

  it('are started again when they end by themselves, each time', async () => {
    const scheduler = await started('kube-scheduler');
    await using servers = new Servers({ directory, pids: { 'kube-scheduler': scheduler } });
    for (let ends = 0; ends < 2; ends++) {
      const pid = servers.pids['kube-scheduler'] ?? 0;
      process.kill(pid, 'SIGKILL');
      await eventually('another one', () => (servers.pids['kube-scheduler'] ?? pid) !== pid);
    }
    assert.ok(isAlive(servers.pids['kube-scheduler'] ?? 0));
  });

  it('are one each when they are killed, and none is left', async () => {
    const apiServer = await started('kube-apiserver');
    const pids = [apiServer];
    {
      await using servers = new Servers({ directory, pids: { 'kube-apiserver': apiServer } });
      await servers.restart('kube-apiserver');
      pids.push(servers.pids['kube-apiserver'] ?? 0);
      await servers.restart('kube-apiserver');
      pids.push(servers.pids['kube-apiserver'] ?? 0);
      assert.deepEqual(pids.map(isAlive), [false, false, true]);
    }
    assert.deepEqual(pids.map(isAlive), [false, false, false]);
    assert.equal(new Set(pids).size, 3);
  });
});
