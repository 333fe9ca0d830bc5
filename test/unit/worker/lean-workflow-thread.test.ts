import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const MODULE = fileURLToPath(new URL('../../../worker/lean-workflow-thread.ts', import.meta.url));

/** What the SDK asks of Node, and what comes of it; in the main thread, and in one of its own. */
const PROGRAM = `
import v8 from 'node:v8';
import vm from 'node:vm';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

const context = vm.createContext({}, { microtaskMode: 'afterEvaluate' });
let hooked = 0;
const stop = v8.promiseHooks.createHook({ init: () => hooked++ });
new vm.Script('Promise.resolve().then(() => 1)').runInContext(context, { timeout: 1_000 });
stop();
const stack = new vm.Script('(() => { try { null.f(); } catch (error) { return error.stack; } })()', { filename: 'flow.js' });
const isBounded = (() => {
  try {
    new vm.Script('for (const from = Date.now(); Date.now() < from + 50;);').runInContext(context, { timeout: 1 });
    return false;
  } catch ({ code }) {
    return code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
  }
})();
const seen = { isBounded, isTraced: hooked > 0, stack: stack.runInContext(context, { timeout: 1_000 }) };
if (isMainThread) new Worker(new URL(import.meta.url)).on('message', (thread) => console.log(JSON.stringify({ main: seen, thread })));
else parentPort.postMessage(seen);
`;

interface Seen {
  readonly isBounded: boolean;
  readonly isTraced: boolean;
  readonly stack: string;
}

describe('a lean workflow thread', () => {
  let directory: string;
  let program: string;
  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'lean-workflow-thread-'));
    program = path.join(directory, 'program.mjs');
    await writeFile(program, PROGRAM);
  });
  after(() => rm(directory, { recursive: true }));

  const run = async (
    ...options: readonly string[]
  ): Promise<{ readonly main: Seen; readonly thread: Seen }> => {
    const { stdout } = await promisify(execFile)(process.execPath, [...options, program]);
    return JSON.parse(stdout) as { main: Seen; thread: Seen };
  };

  it('is watched by no other thread, and keeps no trace of a promise; an error keeps its own', async () => {
    const { main, thread } = await run(`--import=${MODULE}`);
    assert.deepEqual([thread.isBounded, thread.isTraced], [false, false]);
    assert.match(thread.stack, /TypeError[^]*at flow\.js:1/);
    assert.deepEqual([main.isBounded, main.isTraced], [true, true]);
  });

  it('is as the SDK means it where the program does not ask for it', async () => {
    const { thread } = await run();
    assert.deepEqual([thread.isBounded, thread.isTraced], [true, true]);
  });
});
