import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { connectSandbox, listSandboxes, startSandbox, type SandboxFacts } from '../../../sandbox/index.ts';
import { isAlive } from '../../../sandbox/lock.ts';
import { dataDirectory } from '../../../sandbox/places.ts';
import { socketOf } from '../../../sandbox/registry.ts';
import { freshTaskQueue } from '../../support/sandbox.ts';
import { eventually } from '../../../testing/eventually.ts';

/** A process that starts a sandbox and prints what it knows about it. */
const OWNER = `
import { startSandbox } from ${JSON.stringify(import.meta.resolve('../../../sandbox/index.ts'))};
const { pids, directory, name } = await startSandbox({ name: process.argv[1] });
console.log(JSON.stringify({ pids, directory, name }));
`;

const isGone = ({ name, pids, directory }: Pick<SandboxFacts, 'name' | 'pids' | 'directory'>): boolean =>
  Object.entries(pids).every(([component, pid]) => component === 'owner' || !isAlive(pid)) &&
  ![directory, dataDirectory(name), socketOf(name)].some((file) => existsSync(file));

describe('a sandbox', () => {
  it('leaves nothing behind when its owner is killed', async () => {
    const name = freshTaskQueue('killed');
    const owner = spawn(process.execPath, ['--input-type=module', '-e', OWNER, name], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await new Promise<[string]>((resolve) => {
      createInterface({ input: owner.stdout }).once('line', (text) => resolve([text]));
    });
    const facts: Pick<SandboxFacts, 'name' | 'pids' | 'directory'> = JSON.parse(line);
    assert.equal(isGone(facts), false);
    owner.kill('SIGKILL');
    await eventually('end of all its processes and files', () => isGone(facts));
  });

  it('leaves nothing behind when it is stopped, and does not disturb the one beside it', async () => {
    const [one, other] = await Promise.all([
      startSandbox({ name: freshTaskQueue('one'), kubernetes: false }),
      startSandbox({ name: freshTaskQueue('other'), kubernetes: false }),
    ]);
    await one.stop();
    assert.equal(isGone(one), true);
    const names = (await listSandboxes()).map((found) =>
      found.state === 'ready' ? found.facts.name : found.name,
    );
    assert.ok(names.includes(other.name) && !names.includes(one.name), names.join());
    await other.stop();
  });

  it('keeps its name to itself', async () => {
    const name = freshTaskQueue('taken');
    await using sandbox = await startSandbox({ name, kubernetes: false, temporal: false });
    await assert.rejects(startSandbox({ name }), /runs already: give this one another --name/);
    await using connected = await connectSandbox(name);
    assert.equal(connected?.directory, sandbox.directory);
  });

  it('tells when a part of it has died', async () => {
    await using sandbox = await startSandbox({ name: freshTaskQueue('dying'), kubernetes: false });
    const { temporal = 0 } = sandbox.pids;
    process.kill(temporal, 'SIGKILL');
    await assert.rejects(sandbox.ended, /temporal ended by itself \(signal SIGKILL\)/);
  });

  it('ends when the one who asked for it says so, and when anybody else does', async () => {
    const abort = new AbortController();
    const name = freshTaskQueue('told');
    const first = await startSandbox({ name, kubernetes: false, signal: abort.signal });
    abort.abort();
    await first.ended;
    assert.equal(isGone(first), true);

    const second = await startSandbox({ name, kubernetes: false });
    const connected = await connectSandbox(name);
    await connected?.stop();
    assert.equal(isGone(second), true);
  });
});
