import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvalidResource, plan } from 'durable-operator';
import { readResource } from 'durable-operator/testing';
import type { DruidSpec } from './druid.ts';
import operator from './operator.ts';

const sample = await readResource<DruidSpec>(new URL('samples/druid.yaml', import.meta.url));

describe('a Druid', () => {
  it('is updated in the order of its documentation, the groups of one service one after the other', () => {
    const { stages, warnings } = plan(operator, sample);
    assert.deepEqual(
      stages.map(({ role, workloads }) => `${role}: ${workloads.join(', ')}`),
      [
        'historical: StatefulSet.apps/events-hot',
        'historical: StatefulSet.apps/events-cold',
        'middleManager: StatefulSet.apps/events-tasks',
        'broker: Deployment.apps/events-broker',
        'router: Deployment.apps/events-router',
        'overlord: Deployment.apps/events-overlord',
        'coordinator: Deployment.apps/events-coordinator',
      ],
    );
    assert.deepEqual(warnings, []);
  });

  it('waits for its segments after the historicals, and nowhere else', () => {
    const gates = plan(operator, sample).objects.map(({ desired }) => desired.options.gate?.name);
    assert.deepEqual(gates.filter(Boolean), ['segmentsLoaded', 'segmentsLoaded']);
  });

  it('tells its image properties as variables', () => {
    const { objects } = plan(operator, sample);
    const hot = objects.find(({ key }) => key.startsWith('ConfigMap/events-hot-config'));
    assert.deepEqual(hot?.manifest['data'], { druid_server_tier: 'hot', JAVA_OPTS: '-Xmx1g' });
  });

  it('restarts the nodes whose properties change, and no other', () => {
    const nodes = sample.spec.nodes.map((node) =>
      node.name === 'cold' ? { ...node, properties: { 'druid.server.tier': 'cold' } } : node,
    );
    const before = plan(operator, sample);
    const after = plan(operator, { ...sample, spec: { ...sample.spec, nodes } });
    const templates = ({ objects }: typeof before): readonly string[] =>
      objects
        .filter(({ stage }) => stage !== undefined)
        .map(({ manifest }) => JSON.stringify(manifest['spec']));
    const others = templates(before);
    const changed = after.stages.filter((_, index) => templates(after)[index] !== others[index]);
    assert.deepEqual(
      changed.flatMap(({ workloads }) => workloads),
      ['StatefulSet.apps/events-cold'],
    );
  });

  it('keeps one pod of each pair when nodes are drained', () => {
    const budgets = plan(operator, sample).objects.filter(
      ({ desired }) => desired.kind === 'PodDisruptionBudget',
    );
    assert.deepEqual(
      budgets.map(({ manifest }) => [manifest.metadata.name, manifest['spec']]),
      ['events-hot', 'events-broker'].map((name) => [
        name,
        {
          maxUnavailable: 1,
          selector: {
            matchLabels: {
              'app.kubernetes.io/instance': 'events',
              'durable-operator.dev/owner': 'Druid.druid.example.dev_default_events',
              'durable-operator.dev/workload': name,
            },
          },
        },
      ]),
    );
  });

  it('is refused with every field that is wrong', () => {
    const [hot] = sample.spec.nodes;
    assert.ok(hot);
    const spec = { ...sample.spec, nodes: [hot, hot], properties: { 'druid.a_b': '1', emitter: 'none' } };
    assert.throws(
      () => plan(operator, { ...sample, spec }),
      (error: InvalidResource) => {
        assert.deepEqual(
          error.causes.map(({ field, message }) => `${field}: ${message}`),
          [
            'spec.nodes[1].name: "hot" is already used by spec.nodes[0].name',
            'spec.nodes: has no coordinator; add a node of that service',
            'spec.properties: "druid.a_b" cannot be told to the image; a name begins with "druid." and has no underscore',
            'spec.properties: "emitter" cannot be told to the image; a name begins with "druid." and has no underscore',
          ],
        );
        return error instanceof InvalidResource;
      },
    );
  });
});
