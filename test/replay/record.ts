/**
 * Records the golden histories anew, with the real program on a real cluster: `npm run test:record`. For each release, and
 * whenever the decisions of the workflow are meant to change.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { NativeConnection } from '@temporalio/worker';
import packageJson from '../../package.json' with { type: 'json' };
import { eventually } from '../../testing/eventually.ts';
import { objectsChanged } from '../../workflows/messages.ts';
import { ToyStage } from '../support/toy-stage.ts';
import { HISTORIES } from './histories.ts';
import { plantedOperator, plantedSpec } from './planted.ts';

/** Longer than a step waits for its workloads by itself, so that the workflow rests in the middle. */
const SLOW = 'slow-20000';
/** Signals at once: many events, and few tasks. */
const BURST = 30;

type Scenario = (stage: ToyStage, client: Client, name: string) => Promise<void>;

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  async install(stage, _, name) {
    await stage.want(plantedSpec('1'), name);
    await stage.ready(name);
  },
  async upgrade(stage, client, name) {
    await installed(stage, client, name);
    await stage.want(plantedSpec('2'), name);
    await stage.ready(name);
  },
  async drift(stage, client, name) {
    await installed(stage, client, name);
    const ref = stage.ref('Service', `${name}-b`);
    const before = await stage.api.get(ref);
    await stage.api.patch(ref, [{ op: 'replace', path: '/spec/ports/0/port', value: 81 }]);
    await eventually('the repair', async () => {
      const live = await stage.api.get(ref);
      return JSON.stringify(live?.['spec']) === JSON.stringify(before?.['spec']);
    });
    await stage.ready(name);
  },
  async halt(stage, client, name) {
    await installed(stage, client, name);
    await stage.want(plantedSpec('2', 'crash'), name);
    await stage.stalled('WorkloadFailed', name);
  },
  async teardown(stage, client, name) {
    await installed(stage, client, name);
    const uid = (await stage.resource(name))?.metadata.uid ?? '';
    await stage.api.remove(stage.ref('Toy', name, 'toy.dev'), { uid });
    await client.workflow.getHandle(idOf(stage, name)).result();
  },
};

async function installed(stage: ToyStage, client: Client, name: string): Promise<void> {
  await SCENARIOS['install']?.(stage, client, name);
}

/** An upgrade during which one run ends and the next begins, since so much was said meanwhile. */
async function recordContinued(stage: ToyStage, client: Client): Promise<void> {
  const name = 'continued';
  const handle = client.workflow.getHandle(idOf(stage, name));
  await installed(stage, client, name);
  await stage.want(plantedSpec('2', SLOW), name);
  await stage.until('the first stage rolls', ({ stage: role }) => role === 'controller', name);
  const { runId } = await handle.describe();
  while ((await handle.describe()).runId === runId) {
    await Promise.all(Array.from({ length: BURST }, () => handle.signal(objectsChanged, { objects: [] })));
    await delay(500);
  }
  await stage.ready(name);
  await record(client, 'upgrade-until-continued', idOf(stage, name), runId);
  await record(client, 'upgrade-continued', idOf(stage, name));
}

async function record(client: Client, scenario: string, workflowId: string, runId?: string): Promise<void> {
  const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const file = path.join(HISTORIES, `${scenario}@${packageJson.version}.json`);
  await writeFile(file, `${anonymous(historyToJSON(history))}\n`);
  process.stdout.write(`${path.basename(file)}: ${history.events?.length ?? 0} events\n`);
}

/** Without the names of the machine that recorded it. */
function anonymous(json: string): string {
  const identities = new Set<string>();
  JSON.parse(json, (key, value: unknown) => {
    if (key === 'identity' && typeof value === 'string' && value.includes('@')) identities.add(value);
    return value;
  });
  return [...identities].reduce((text, identity) => text.replaceAll(identity, 'recorder'), json);
}

function idOf(stage: ToyStage, name: string): string {
  return `toys.toy.dev/${stage.namespace}/${name}`;
}

await mkdir(HISTORIES, { recursive: true });
await using stage = await ToyStage.open(plantedOperator);
const connection = await NativeConnection.connect({ address: stage.sandbox.temporal.address });
const client = new Client({ connection });
for (const [scenario, play] of Object.entries(SCENARIOS)) {
  await play(stage, client, scenario);
  await record(client, scenario, idOf(stage, scenario));
}
await recordContinued(stage, client);
await connection.close();
