import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import type { Operator } from '../../../index.ts';
import { configMap, customResource, defineOperator, inOrder, service, statefulSet } from '../../../index.ts';
import type { ToySpec } from '../../support/toy-operator.ts';
import { ToyStage } from '../../support/toy-stage.ts';
import { eventually } from '../../../testing/eventually.ts';
import { objectsChanged } from '../../../workflows/messages.ts';

/** Text of this length that no compression makes shorter by much, the same for the same seed. */
function noise(seed: string, bytes: number): string {
  const blocks = Array.from({ length: Math.ceil(bytes / 64) }, (_, index) =>
    createHash('sha256').update(`${seed} ${index}`).digest('hex'),
  );
  return blocks.join('').slice(0, bytes);
}

/** Workloads of one role that change together, each with its configuration; and plain ConfigMaps, as many as are claimed. */
function operatorOf(name: string, configBytes: number): Operator<ToySpec> {
  return defineOperator(customResource<ToySpec>('toy.dev/v1', 'Toy'), {
    name,
    desired({ spec: { nodes, claims = {}, order } }, named) {
      const workloads = nodes.map((node) => {
        const data = {
          'node.conf': configBytes > 0 ? noise(node.name + node.config, configBytes) : node.config,
        };
        const config = configMap(named(node.name, 'config'), { data });
        const peers = service(named(node.name), { clusterIP: 'None', ports: [{ port: 80 }] });
        return statefulSet(
          named(node.name),
          {
            replicas: 1,
            serviceName: peers.name,
            template: {
              spec: {
                containers: [{ name: 'main', image: 'example.org/toy:1' }],
                volumes: [{ name: 'config', configMap: { name: config.name } }],
              },
            },
          },
          { role: node.role, uses: [config, peers] },
        );
      });
      const plain = Object.entries(claims).map(([claim, value]) =>
        configMap(named(claim), { data: { value } }, { versioned: false }),
      );
      return [...plain, inOrder(order, workloads, { parallel: true })];
    },
  });
}

const wanted = (workloads: number, config: string, plain = 0): ToySpec => ({
  order: ['server'],
  nodes: Array.from({ length: workloads }, (_, index) => ({ name: `n${index}`, role: 'server', config })),
  claims: Object.fromEntries(Array.from({ length: plain }, (_, index) => [`extra-${index}`, config])),
});

interface Size {
  readonly events: number;
  readonly bytes: number;
}

async function sizeOf(stage: ToyStage): Promise<Size> {
  const events = await stage.historyLength();
  const described = await stage.temporal((client) =>
    client.workflow.getHandle(stage.workflowId()).describe(),
  );
  return { events, bytes: Number(described.raw.workflowExecutionInfo?.historySizeBytes) };
}

/** What the workflow remembers, as it hands it to its next run. */
async function stateBytes(stage: ToyStage): Promise<number> {
  return stage.temporal(async (client) => {
    const handle = client.workflow.getHandle(stage.workflowId());
    const { runId } = await handle.describe();
    await eventually('the workflow is continued as new', async () => {
      await Promise.all(Array.from({ length: 50 }, () => handle.signal(objectsChanged, { objects: [] })));
      return (await handle.describe()).runId !== runId;
    });
    const { events } = await handle.fetchHistory();
    const payloads = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    return payloads.reduce((bytes, { data }) => bytes + (data?.length ?? 0), 0);
  });
}

/** What an install and an upgrade of everything cost Temporal and the status, told beside the verdict. */
async function measure(
  test: TestContext,
  stage: ToyStage,
  specs: readonly ToySpec[],
): Promise<readonly Size[]> {
  const sizes: Size[] = [];
  for (const spec of specs) {
    const before = sizes.at(-1) ?? { events: 0, bytes: 0 };
    await stage.want(spec);
    const { status } = await stage.ready('t1');
    const after = await sizeOf(stage);
    const objects = status?.inventory?.objects ?? 1;
    const [events, bytes] = [after.events - before.events, after.bytes - before.bytes];
    test.diagnostic(
      `${objects} objects: ${events} events, ${Math.round(bytes / 1024)} KiB of history (${Math.round(bytes / objects)} bytes an object); status ${JSON.stringify(status).length} bytes`,
    );
    assert.ok(JSON.stringify(status).length < 10_000, 'the status stays small');
    sizes.push(after);
  }
  return sizes;
}

describe('a resource of twenty configurations of a megabyte', () => {
  it('is installed and upgraded, with none of them in Temporal', async (test) => {
    await using stage = await ToyStage.open((name) => operatorOf(name, 1_000_000));
    const sizes = await measure(test, stage, [wanted(20, '1'), wanted(20, '2')]);
    assert.ok((sizes.at(-1)?.bytes ?? 0) < 500_000, JSON.stringify(sizes));
    const note = await eventually('what is too large to be kept is told', async () =>
      (await stage.events()).find(({ reason }) => reason === 'RevisionTooLarge'),
    );
    assert.match(note.note, /generation \d take .* cannot be rolled back to/);
  });
});

describe('a resource of 200 objects', () => {
  it('is installed and upgraded within the limits of one history, and lists none of them in its status', async (test) => {
    await using stage = await ToyStage.open((name) => operatorOf(name, 0));
    const sizes = await measure(test, stage, [wanted(20, '1', 140), wanted(20, '2', 140)]);
    const { status } = await stage.ready('t1');
    assert.equal(status?.inventory?.objects, 200);
    assert.doesNotMatch(JSON.stringify(status), /extra-7/);
    assert.ok((sizes.at(-1)?.events ?? 0) < 500, JSON.stringify(sizes));
    const bytes = await stateBytes(stage);
    test.diagnostic(`200 objects: ${bytes} bytes of state (${Math.round(bytes / 200)} an object)`);
    assert.ok(bytes < 100_000, `${bytes} bytes of state`);
  });
});
