import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { configMap, customResource, defineOperator } from '../../../index.ts';
import type { Manifest } from '../../../core/manifest.ts';
import { connectCluster, eventually, sharedSandbox, startEnvironment } from '../../../testing/index.ts';
import type { Cluster } from '../../../testing/index.ts';

const GROUP = 'status-refused.dev';
const CLOSED = { type: 'object', properties: { spec: { type: 'object' }, status: { type: 'object' } } };

/** A kind as a newcomer may write it. */
function schemaOf(kind: string, subresources: object): Manifest {
  const singular = kind.toLowerCase();
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${singular}s.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { kind, plural: `${singular}s`, singular, listKind: `${kind}List` },
      versions: [
        { name: 'v1', served: true, storage: true, ...subresources, schema: { openAPIV3Schema: CLOSED } },
      ],
    },
  };
}

describe('a schema that takes no status', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = connectCluster((await sharedSandbox()).kubeconfig);
  });
  after(() => cluster.close());

  for (const [what, kind, subresources] of [
    ['has no such fields', 'Shut', { subresources: { status: {} } }],
    ['has no subresource', 'Bare', {}],
  ] as const)
    it(`is told in an event, with the cure: it ${what}`, async () => {
      await cluster.apply(schemaOf(kind, subresources), { fieldManager: 'tests' });
      const apiVersion = `${GROUP}/v1`;
      const operator = defineOperator(customResource(apiVersion, kind), {
        desired: (_, named) => [configMap(named(), { data: {} })],
      });
      await using environment = await startEnvironment({ operators: operator, crds: [] });
      const { namespace } = environment;
      await environment.apply({ apiVersion, kind, metadata: { name: 'one' }, spec: {} });
      const told = await eventually('the event is there', async () => {
        const { items } = await cluster.list({ group: 'events.k8s.io', kind: 'Event' }, { namespace });
        const refusals = items.filter((event) => event['reason'] === 'StatusRefused');
        assert.ok(refusals.length <= 1, 'it is told once');
        return refusals[0];
      });
      assert.match(String(told['note']), /subresources: \{ status: \{\} \}/);
      assert.match(String(told['note']), /x-kubernetes-preserve-unknown-fields/);
    });
});
