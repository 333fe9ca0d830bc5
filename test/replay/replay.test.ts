import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startSandbox } from '../../sandbox/index.ts';
import type { RecordedHistory, ReplayVerdict } from '../../worker/index.ts';
import { replay } from '../../worker/index.ts';
import { workflowBundle } from '../../worker/workflow-bundle.ts';
import { Program } from '../e2e/program.ts';
import { freshTaskQueue } from '../support/sandbox.ts';
import { WorkflowLab } from '../support/workflow-lab.ts';
import { FOUR_ROLES } from '../support/toy-specs.ts';
import { historyFiles, readHistory } from './histories.ts';
import { PLANTED } from './planted.ts';

async function verdicts(
  bundle: { readonly code: string },
  histories: readonly RecordedHistory[],
): Promise<readonly ReplayVerdict[]> {
  const found: ReplayVerdict[] = [];
  for await (const verdict of replay({ bundle, histories })) found.push(verdict);
  return found;
}

describe('recorded histories', () => {
  let files: readonly string[];
  let histories: readonly RecordedHistory[];
  before(async () => {
    files = await historyFiles();
    histories = await Promise.all(files.map(readHistory));
  });

  it('are there for each way of a resource', () => {
    const scenarios = new Set(files.map((file) => path.basename(file).split('@')[0]));
    for (const scenario of ['install', 'upgrade', 'drift', 'halt', 'teardown', 'upgrade-continued'])
      assert.ok(scenarios.has(scenario), `${scenario} is not recorded; npm run test:record`);
  });

  it('are decided by the code of today as by the code of then', async () => {
    const bundle = await workflowBundle();
    for (const { workflowId, difference } of await verdicts(bundle, histories))
      assert.equal(difference, undefined, workflowId);
  });

  it('show a code that decides otherwise, and name the decision', async () => {
    const { code } = await workflowBundle();
    const other = code.replaceAll(/\bWorkloads: (['"])applyWorkloads\1/g, "Workloads: 'applyObjects'");
    assert.notEqual(other, code);
    const found = await verdicts({ code: other }, histories);
    const install = found.find(({ workflowId }) => workflowId.startsWith('install@'));
    assert.match(install?.difference ?? '', /applyWorkloads/);
    assert.match(install?.difference ?? '', /applyObjects/);
  });

  it('hold no value of a Secret, no configuration and no manifest', async () => {
    for (const file of files) {
      const text = `${await readFile(file, 'utf8')}`;
      const told = [text, ...payloadsOf(JSON.parse(text))].join('\n');
      for (const word of [...PLANTED, '"apiVersion"', '"containers"', 'managedFields'])
        assert.equal(told.includes(word), false, `${path.basename(file)} holds ${word}`);
    }
  });
});

describe('durable-operator replay', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'durable-operator-replay-'));
  });
  after(() => rm(directory, { recursive: true }));

  it('accepts the recorded histories', async () => {
    const files = await historyFiles();
    const { code, stdout } = await Program.run('replay', ...files);
    assert.equal(stdout, `${files.length} replayed the same, 0 differ\n`);
    assert.equal(code, 0);
  });

  it('ends with 1 and names the decision where a history was decided otherwise', async () => {
    const [file = ''] = (await historyFiles()).filter((each) => path.basename(each).startsWith('install@'));
    const other = path.join(directory, 'other.json');
    await writeFile(other, (await readFile(file, 'utf8')).replaceAll('"applyWorkloads"', '"applyPods"'));
    const { code, stdout } = await Program.run('replay', other);
    assert.equal(code, 1);
    assert.match(stdout, /^differs .*other\.json\n[^]*applyPods/);
    assert.match(stdout, /0 replayed the same, 1 differ\n$/);
  });

  it('replays the workflows of a Temporal that runs, and changes none', async () => {
    await using sandbox = await startSandbox({ name: freshTaskQueue('replayed'), kubernetes: false });
    await using lab = await WorkflowLab.open(sandbox);
    const toy = lab.actor();
    await toy.installed(FOUR_ROLES);
    const { length } = await toy.history();
    const { code, stdout } = await Program.run('replay', '--temporal-address', sandbox.temporal.address);
    assert.equal(stdout, '1 replayed the same, 0 differ\n');
    assert.equal(code, 0);
    assert.equal((await toy.history()).length, length);
  });
});

/** What stands in payloads, as text. */
function payloadsOf(value: unknown): readonly string[] {
  const texts: string[] = [];
  JSON.stringify(value, (key, each: unknown) => {
    if (key === 'data' && typeof each === 'string') texts.push(Buffer.from(each, 'base64').toString());
    return each;
  });
  return texts;
}
