import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../../testing/eventually.ts';
import { sized, StorageView } from '../support/storage-view.ts';
import { ToyStage } from '../support/toy-stage.ts';
import { Program, ROOT } from './program.ts';

/** The real program, killed as the kernel does it, while a StatefulSet is made anew. */
describe('claims that grow, under a program that is killed', () => {
  let stage: ToyStage;
  let view: StorageView;
  let directory: string;
  let module: string;
  before(async () => {
    stage = await ToyStage.open();
    await stage.stop();
    view = new StorageView(stage);
    directory = await mkdtemp(join(tmpdir(), 'reshape-'));
    module = join(directory, 'toy.mjs');
    const toy = JSON.stringify(join(ROOT, 'test/support/toy-operator.ts'));
    const name = JSON.stringify(stage.operator.name);
    await writeFile(
      module,
      `import { toyOperator } from ${toy};\nexport default toyOperator({ name: ${name} });\n`,
    );
  });
  after(async () => {
    await rm(directory, { recursive: true });
    await stage[Symbol.asyncDispose]();
  });

  async function run(): Promise<Program> {
    const { kubeconfig, temporal } = stage.sandbox;
    const servers = ['--kubeconfig', kubeconfig, '--temporal-address', temporal.address];
    const program = Program.start('run', module, ...servers, '--allow-namespace', stage.namespace);
    await program.logged('operator started');
    return program;
  }

  it('end as if nothing had happened: the same pods, larger claims, no journal left', async () => {
    const first = await run();
    await stage.want(sized('1Gi'), 'killed');
    await stage.ready('killed');
    const running = await view.pods('killed');
    await stage.want(sized('2Gi'), 'killed');
    await eventually('the StatefulSet is about to be deleted, or is', () =>
      stage.api.get(stage.ref('ConfigMap', 'killed-b.recreation')),
    );
    await first.end('SIGKILL');
    await using _second = await run();
    // What the dead worker had begun is given to another when its heartbeats stay away.
    await eventually(
      'it is made anew',
      async () => !(await stage.api.get(stage.ref('ConfigMap', 'killed-b.recreation'))),
    );
    await stage.ready('killed');
    assert.deepEqual(await view.pods('killed'), running);
    assert.deepEqual(await view.sizes('killed'), ['data-killed-b-0 2Gi', 'data-killed-b-1 2Gi']);
    assert.equal(await stage.api.get(stage.ref('ConfigMap', 'killed-b.recreation')), undefined);
  });
});
