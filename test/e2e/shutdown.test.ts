import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { TWO_ROLES } from '../support/toy-operator.ts';
import { ToyStage } from '../support/toy-stage.ts';
import { Program, ROOT } from './program.ts';

const SHUTDOWN = '6s';
const SHUTDOWN_MS = 6_000;
/** For a machine with much to do. */
const SLACK_MS = 4_000;
const UNFINISHED = 'the stop did not wait for this to end';

describe('a program that is asked to end', () => {
  let stage: ToyStage;
  let directory: string;
  let toys: string;
  let servers: readonly string[];
  before(async () => {
    stage = await ToyStage.open();
    await stage.stop();
    directory = await mkdtemp(path.join(tmpdir(), 'durable-operator-shutdown-'));
    const toy = JSON.stringify(path.join(ROOT, 'test/support/toy-operator.ts'));
    const name = JSON.stringify(stage.operator.name);
    toys = await module(
      'toys.mjs',
      `import { toyOperator } from ${toy};\nexport default toyOperator({ name: ${name} });\n`,
    );
    const { kubeconfig, temporal } = stage.sandbox;
    servers = ['--kubeconfig', kubeconfig, '--temporal-address', temporal.address];
  });
  after(async () => {
    await stage[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });

  async function module(name: string, text: string): Promise<string> {
    const made = path.join(directory, name);
    await writeFile(made, text);
    return made;
  }

  function start(operator: string, ...args: readonly string[]): Program {
    return Program.start(
      ...['run', operator, '--allow-namespace', stage.namespace, '--shutdown-timeout', SHUTDOWN],
      ...args,
    );
  }

  /** Fails unless it ends by itself within its own time. */
  async function assertEndsIn(program: Program): Promise<void> {
    const asked = performance.now();
    const { code, signal, stderr } = await program.end('SIGTERM');
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, stderr);
    const tookMs = performance.now() - asked;
    assert.ok(tookMs < SHUTDOWN_MS + SLACK_MS, `it took ${tookMs} ms:\n${stderr}`);
  }

  it('ends within its time while a gate hangs', async () => {
    const toy = JSON.stringify(path.join(ROOT, 'test/support/toy-operator.ts'));
    const name = JSON.stringify(stage.operator.name);
    const hanging = await module(
      'hanging.mjs',
      `import { toyOperator } from ${toy};
       function hangs() {
         console.error(JSON.stringify({ msg: 'the gate hangs' }));
         return new Promise(() => setInterval(() => undefined, 1000));
       }
       export default toyOperator({ name: ${name}, gate: hangs });`,
    );
    await using program = start(hanging, ...servers);
    await program.logged('operator started');
    await stage.want(TWO_ROLES, 'gated');
    await program.logged('the gate hangs');
    await assertEndsIn(program);
    await program.logged('operator stopped');
  });

  it('ends within its time while Temporal is frozen, and says what it did not wait for', async () => {
    const { hostname, port } = new URL(`tcp://${stage.sandbox.temporal.address}`);
    await using wire = await TcpProxy.to(hostname, Number(port));
    const wired = [...servers.slice(0, 2), '--temporal-address', `127.0.0.1:${wire.port}`];
    await using program = start(toys, ...wired);
    await program.logged('operator started');
    wire.stall();
    // More than are signalled at once.
    await Promise.all(Array.from({ length: 40 }, (_, index) => stage.want(TWO_ROLES, `frozen-${index}`)));
    await program.logged('the workflow cannot be signalled; trying again');
    await assertEndsIn(program);
    const { part } = await program.logged(UNFINISHED);
    assert.ok(part === 'worker' || part === 'bridge');
  });
});
