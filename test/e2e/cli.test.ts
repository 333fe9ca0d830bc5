import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { TWO_ROLES } from '../support/toy-operator.ts';
import { ToyStage } from '../support/toy-stage.ts';
import { Program, ROOT } from './program.ts';

/** What Kubernetes grants a pod before it kills it. */
const GRACE_SECONDS = 30;
const PINOT = 'examples/pinot/operator.ts';

let directory: string;
before(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'durable-operator-cli-'));
});
after(() => rm(directory, { recursive: true }));

async function file(name: string, text: string): Promise<string> {
  const made = path.join(directory, name);
  await writeFile(made, text);
  return made;
}

/** Fails unless the command ended with 1 after this one line; `FILE` stands for the path of `subject`. */
async function assertRefused(args: readonly string[], line: string, subject = ''): Promise<void> {
  const { code, stdout, stderr } = await Program.run(...args);
  assert.deepEqual(
    { code, stdout, stderr },
    { code: 1, stdout: '', stderr: `error: ${line.replaceAll('FILE', subject)}\n` },
  );
}

/** Most of a command's time is its start, which needs one processor for a part of it. */
const SIDE_BY_SIDE = { concurrency: 3 };

describe('a module given to the command line', SIDE_BY_SIDE, () => {
  const cases: readonly (readonly [string, string, string, string])[] = [
    [
      'that throws',
      'throws.mjs',
      '\nthrow new Error("no\\nway");',
      'FILE cannot be loaded: Error: no way (FILE:2:7)',
    ],
    [
      'with a syntax error',
      'syntax.mjs',
      'export const = 1;',
      "FILE cannot be loaded: SyntaxError: Unexpected token '=' (see `node --check FILE`)",
    ],
    [
      'with TypeScript that cannot be stripped',
      'enum.ts',
      'export const a = 1;\nenum A { b }\n',
      'FILE cannot be loaded: SyntaxError: TypeScript enum is not supported in strip-only mode (FILE:2)',
    ],
    [
      'that needs what is not installed',
      'needs.mjs',
      "import 'not-installed';",
      "FILE cannot be loaded: Error: Cannot find package 'not-installed' imported from FILE",
    ],
    [
      'that exports nothing',
      'nothing.mjs',
      '',
      'FILE exports no operator (it exports nothing); export default defineOperator(…), or a list of operators',
    ],
    [
      'that exports something else',
      'else.mjs',
      'export const answer = 42;',
      'FILE exports no operator (it exports answer); export default defineOperator(…), or a list of operators',
    ],
  ];
  for (const [what, name, text, line] of cases)
    it(`${what} is refused in one line`, async () => {
      const module = await file(name, text);
      await assertRefused(['run', module], line, module);
    });

  it('that does not exist is refused in one line', () =>
    assertRefused(['plan', 'no/such.ts', 'x.yaml'], 'no/such.ts cannot be loaded: there is no such file'));
});

describe('plan', SIDE_BY_SIDE, () => {
  it('says what a resource would be turned into, and in which order', async () => {
    const { code, stdout } = await Program.run('plan', PINOT, 'examples/pinot/samples/pinot-hetero.yaml');
    assert.equal(code, 0);
    assert.equal(stdout, await readFile(new URL('plan.txt', import.meta.url), 'utf8'));
  });

  it('names file, line and column of a syntax error', async () => {
    const yaml = await file('bad.yaml', 'apiVersion: v1\nkind: [\n');
    await assertRefused(
      ['plan', PINOT, yaml],
      'FILE:3:1: Flow sequence in block collection must be sufficiently indented and end with a ]',
      yaml,
    );
  });

  it('says what was expected there, as of the quotes in a widely copied sample', async () => {
    const sample = await readFile(path.join(ROOT, 'examples/parseable/samples/parseable.yaml'), 'utf8');
    const broken = 'P_STAGING_DIR: ""./staging"';
    const yaml = await file('quotes.yaml', sample.replace('P_STAGING_DIR: /parseable/staging', broken));
    await assertRefused(
      ['plan', 'examples/parseable/operator.ts', yaml],
      'FILE:45:26: Unexpected scalar at node end; expected the end of the value; put all of it in one pair of quotes',
      yaml,
    );
  });

  it('names the field that the operator refuses', async () => {
    const text = await readFile(path.join(ROOT, 'examples/pinot/samples/pinot.yaml'), 'utf8');
    const yaml = await file('sever.yaml', text.replace('k8sConfig: server', 'k8sConfig: sever'));
    await assertRefused(
      ['plan', PINOT, yaml],
      'FILE: Pinot pinot is refused: spec.nodes[2].k8sConfig: no k8sConfig is named "sever"; use one of controller, broker, server, minion',
      yaml,
    );
  });

  it('fails for an order that names a role which no workload has, and not one that a workload has', async () => {
    const text = await readFile(path.join(ROOT, 'examples/pinot/samples/pinot.yaml'), 'utf8');
    const yaml = await file('order.yaml', text.replace('[controller, broker,', '[controller, brokr,'));
    const { code, stdout } = await Program.run('plan', PINOT, yaml);
    assert.equal(code, 1);
    assert.match(
      stdout,
      /^ {2}error: the order lists "brokr", which no workload has, and not "broker": correct/m,
    );
  });

  it('says that there is nothing to plan', () =>
    assertRefused(
      ['plan', PINOT, 'examples/pinot/crd.yaml'],
      `examples/pinot/crd.yaml holds no Pinot.datainfra.io, and ${PINOT} reconciles nothing else`,
    ));

  it('says that there is no such file', () =>
    assertRefused(
      ['plan', PINOT, 'no/such.yaml'],
      "no/such.yaml cannot be read: ENOENT: no such file or directory, open 'no/such.yaml'",
    ));
});

describe('what a person sets wrong is told in one line', SIDE_BY_SIDE, () => {
  it('a setting', () =>
    assertRefused(
      ['run', PINOT, '--log-level', 'loud'],
      'the log level is one of trace, debug, info, warn, error, fatal, silent, not "loud"',
    ));

  it('a port', () =>
    assertRefused(
      ['run', PINOT, '--health-port', '70000'],
      "option '--health-port <port>' argument '70000' is invalid. a port is a number from 0 to 65535.",
    ));

  it('a Temporal that is away', () =>
    assertRefused(
      ['replay', '--temporal-address', '127.0.0.1:1'],
      'Temporal at 127.0.0.1:1 does not answer; name another with --temporal-address, or TEMPORAL_ADDRESS',
    ));

  it('a file that is no history', () =>
    assertRefused(
      ['replay', 'package.json'],
      'package.json is no recorded history: it has no list "events"',
    ));
});

describe('every command', SIDE_BY_SIDE, () => {
  for (const command of [
    [],
    ['run'],
    ['plan'],
    ['replay'],
    ['sandbox'],
    ['sandbox', 'up'],
    ['sandbox', 'down'],
  ])
    it(`explains itself: ${['durable-operator', ...command, '--help'].join(' ')}`, async () => {
      const { code, stdout, stderr } = await Program.run(...command, '--help');
      assert.deepEqual([code, stderr], [0, '']);
      assert.ok(stdout.startsWith(`Usage: ${['durable-operator', ...command].join(' ')} `), stdout);
      for (const option of stdout.split('\n').filter((line) => /^ {2}\S+ {2,}$/.test(line)))
        assert.fail(`nothing is said of ${option}`);
    });

  it('that does not exist is named', () =>
    assertRefused(['rum'], "unknown command 'rum'\n(Did you mean run?)"));
});

describe('run', () => {
  let stage: ToyStage;
  let module: string;
  let servers: readonly string[];
  before(async () => {
    stage = await ToyStage.open();
    await stage.stop();
    const toy = JSON.stringify(path.join(ROOT, 'test/support/toy-operator.ts'));
    const name = JSON.stringify(stage.operator.name);
    module = await file(
      'toy.mjs',
      `import { toyOperator } from ${toy};\nexport default toyOperator({ name: ${name} });\n`,
    );
    servers = [
      '--kubeconfig',
      stage.sandbox.kubeconfig,
      '--temporal-address',
      stage.sandbox.temporal.address,
    ];
  });
  after(() => stage[Symbol.asyncDispose]());

  function start(...args: readonly string[]): Program {
    return Program.start('run', module, '--allow-namespace', stage.namespace, '--health-port', '0', ...args);
  }

  /** Fails unless it ends by itself, in order and soon. */
  async function assertStops(program: Program): Promise<void> {
    const children = await childrenOf(program.pid);
    const asked = performance.now();
    const { code, signal, stderr } = await program.end('SIGTERM');
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, stderr);
    const seconds = (performance.now() - asked) / 1000;
    assert.ok(seconds < GRACE_SECONDS, `it took ${seconds} s:\n${stderr}`);
    for (const child of children) assert.throws(() => process.kill(child, 0), `its child ${child} lives on`);
  }

  it('says in one line that the kubeconfig is not there', () =>
    assertRefused(
      ['run', module, '--kubeconfig', '/no/such'],
      "the cluster cannot be found: /no/such cannot be read: ENOENT: no such file or directory, open '/no/such'",
    ));

  it('says in one line which contexts there are', () =>
    assertRefused(
      ['run', module, ...servers, '--context', 'other'],
      `the cluster cannot be found: ${stage.sandbox.kubeconfig} has no context "other"; it has sandbox`,
    ));

  it('does its work in two processes, one that watches and one that reconciles', async () => {
    await using bridge = start(...servers, '--role', 'bridge');
    await using worker = start(...servers, '--role', 'worker');
    await Promise.all([bridge, worker].map((program) => program.logged('operator started')));
    for (const program of [bridge, worker])
      assert.deepEqual(
        await Promise.all(['/healthz', '/readyz', '/'].map((url) => answer(program, url))),
        [200, 200, 404],
      );
    await stage.want(TWO_ROLES, 'shared');
    await stage.ready('shared');
    await Promise.all([assertStops(bridge), assertStops(worker)]);
  });

  it('lives and is not ready while Temporal is away, stops when asked, and otherwise begins when it comes', async () => {
    const { hostname, port } = new URL(`tcp://${stage.sandbox.temporal.address}`);
    await using wire = await TcpProxy.to(hostname, Number(port));
    await wire.cut();
    const wired = [...servers.slice(0, 2), '--temporal-address', `127.0.0.1:${wire.port}`];
    await using impatient = start(...wired);
    await using patient = start(...wired);
    await Promise.all(
      [impatient, patient].map((program) => program.logged('Temporal does not answer; trying again')),
    );
    assert.deepEqual(
      await Promise.all(['/healthz', '/readyz'].map((url) => answer(patient, url))),
      [200, 503],
    );
    await assertStops(impatient);
    await wire.mend();
    await patient.logged('operator started');
    await stage.want(TWO_ROLES, 'patient');
    await stage.ready('patient');
    await wire.cut();
    await assertStops(patient);
  });

  it('stops when asked while the API server is away', async () => {
    const kubeconfig = await file(
      'away.kubeconfig',
      (await readFile(stage.sandbox.kubeconfig, 'utf8')).replaceAll(
        stage.sandbox.apiServer,
        'https://127.0.0.1:1',
      ),
    );
    await using program = start('--kubeconfig', kubeconfig, ...servers.slice(2));
    await program.logged('the API server does not say which cluster this is; trying again');
    await assertStops(program);
  });
});

async function answer(program: Program, url: string): Promise<number> {
  const { port } = await program.logged('health is served');
  return (await fetch(`http://127.0.0.1:${Number(port)}${url}`)).status;
}

/** Processes that this one has started, as the kernel knows them. */
async function childrenOf(pid: number): Promise<readonly number[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const lists = await Promise.all(
    // A thread may end while it is asked.
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  );
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
}
