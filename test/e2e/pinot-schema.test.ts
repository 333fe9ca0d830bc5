import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { connectCluster, eventually } from 'durable-operator/testing';
import type { Cluster } from 'durable-operator/testing';
import { parse } from 'yaml';
import type { PinotNode, PinotSpec } from '../../examples/pinot/pinot.ts';
import { freshNamespace, sharedSandbox } from '../support/sandbox.ts';

const EXAMPLE = new URL('../../examples/pinot/', import.meta.url);

type Manifest = Parameters<Cluster['create']>[0];
type Pinot = Manifest & { readonly spec: PinotSpec };

async function manifestIn<Shape extends Manifest>(file: string): Promise<Shape> {
  return parse(await readFile(new URL(file, EXAMPLE), 'utf8'));
}

describe('the schema of a Pinot', () => {
  let cluster: Cluster;
  let namespace: string;
  let sample: Pinot;

  before(async () => {
    const sandbox = await sharedSandbox();
    cluster = connectCluster(sandbox.kubeconfig);
    namespace = await freshNamespace(sandbox, 'schema');
    sample = await manifestIn<Pinot>('samples/pinot.yaml');
    await cluster.apply(await manifestIn('crd.yaml'), { fieldManager: 'kubectl' });
    await eventually('the API server serves Pinot', () =>
      cluster.list({ group: 'datainfra.io', kind: 'Pinot' }, { namespace }),
    );
  });

  after(() => cluster.close());

  function create({ apiVersion, kind, metadata, spec }: Pinot): Promise<Manifest> {
    return cluster.create({ apiVersion, kind, metadata: { name: metadata.name, namespace }, spec });
  }

  it('keeps every field of a resource that uses all of them', async () => {
    const written = await manifestIn<Pinot>('samples/pinot-hetero.yaml');
    const { spec } = await create(written);
    assert.partialDeepStrictEqual(spec, written.spec);
  });

  it('takes an order that is shorter than the list of node types, or empty', async () => {
    for (const deploymentOrder of [[], ['server']])
      await create({
        ...sample,
        metadata: { name: `order-${deploymentOrder.length}` },
        spec: { ...sample.spec, deploymentOrder },
      });
  });

  const first = (spec: PinotSpec, change: Partial<PinotNode>): PinotSpec => ({
    ...spec,
    nodes: spec.nodes.map((node, index) => (index === 0 ? { ...node, ...change } : node)),
  });
  const refusals: readonly [string, (spec: PinotSpec) => PinotSpec, RegExp][] = [
    [
      'two nodes of one name',
      (spec) => first(spec, { name: 'broker' }),
      /spec\.nodes: .*each node has a name of its own/,
    ],
    [
      'two k8sConfigs of one name',
      (spec) => ({ ...spec, k8sConfig: [...spec.k8sConfig, ...spec.k8sConfig] }),
      /spec\.k8sConfig: .*each k8sConfig has a name of its own/,
    ],
    [
      'two pinotNodeConfigs of one name',
      (spec) => ({ ...spec, pinotNodeConfig: [...spec.pinotNodeConfig, ...spec.pinotNodeConfig] }),
      /spec\.pinotNodeConfig: .*each pinotNodeConfig has a name of its own/,
    ],
    [
      'a node type that is listed twice',
      (spec) => ({ ...spec, deploymentOrder: ['broker', 'broker'] }),
      /spec\.deploymentOrder: .*each node type is listed once/,
    ],
    [
      'a kind that runs no pods of Pinot',
      (spec) => first(spec, { kind: 'DaemonSet' }),
      /spec\.nodes\[0\]\.kind: .*"StatefulSet", "Statefulset", "Deployment"/,
    ],
    [
      'fewer than no replicas',
      (spec) => first(spec, { replicas: -1 }),
      /spec\.nodes\[0\]\.replicas: .*greater than or equal to 0/,
    ],
  ];
  for (const [mistake, edit, message] of refusals)
    it(`refuses ${mistake}, and names the field`, async () => {
      await assert.rejects(create({ ...sample, metadata: { name: 'refused' }, spec: edit(sample.spec) }), {
        name: 'StatusError',
        reason: 'Invalid',
        message,
      });
    });

  it('leaves a reference to nothing to the operator, whose message lists what there is', async () => {
    const spec = first(sample.spec, { k8sConfig: 'nothing' });
    await create({ ...sample, metadata: { name: 'dangling' }, spec });
  });
});
