import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { InvalidResource, plan } from 'durable-operator';
import type { Plan, Resource } from 'durable-operator';
import { readResource } from 'durable-operator/testing';
import type { V1PodSpec } from '@kubernetes/client-node';
import { parse, stringify } from 'yaml';
import operator from './operator.ts';
import type { PinotSpec } from './pinot.ts';

type Edit = (spec: PinotSpec) => Partial<PinotSpec>;

/** A sample, with changes of its spec. */
async function sample(file: string, edit: Edit = () => ({})): Promise<Resource<PinotSpec>> {
  const resource = await readResource<PinotSpec>(new URL(`samples/${file}`, import.meta.url));
  return { ...resource, spec: { ...resource.spec, ...edit(resource.spec) } };
}

function stagesOf({ stages }: Plan): readonly string[] {
  return stages.map(({ role, workloads }) => `${role}: ${workloads.join(', ')}`);
}

function causesOf(resource: Resource<PinotSpec>): readonly string[] {
  try {
    plan(operator, resource);
  } catch (error) {
    assert.ok(error instanceof InvalidResource, String(error));
    return error.causes.map(({ field, message }) => `${field}: ${message}`);
  }
  return [];
}

/** What the tests look at in a Service or a workload. */
interface Applied {
  readonly spec: {
    readonly selector: Readonly<Record<string, unknown>>;
    readonly template?: { readonly spec: V1PodSpec };
  };
}

function applied(planned: Plan, key: string): Applied['spec'] {
  const found = planned.objects.find((each) => each.key === key);
  assert.ok(found, `no ${key} among ${planned.objects.map((each) => each.key).join(', ')}`);
  const { spec }: Applied = JSON.parse(JSON.stringify(found.manifest));
  return spec;
}

/** The ConfigMaps that a workload reads, by the names that the operator gave them. */
function configurationOf({ objects }: Plan, workload: string): readonly string[] {
  const { uses = [] } = objects.find(({ key }) => key === workload) ?? {};
  return objects
    .filter(({ key, desired }) => uses.includes(key) && desired.kind === 'ConfigMap')
    .map(({ desired }) => desired.name);
}

describe('the objects of a Pinot', () => {
  for (const file of ['pinot.yaml', 'pinot-hetero.yaml']) {
    // Rewritten with UPDATE_EXPECTED=1; the difference is then reviewed.
    it(`are those of expected/${file}`, async () => {
      const { objects } = plan(operator, await sample(file));
      const written = objects.map(({ key, desired, manifest }) => ({
        key,
        ...Object.fromEntries(Object.keys(desired.body).map((field) => [field, manifest[field]])),
      }));
      const manifests = JSON.parse(JSON.stringify(written));
      const expected = new URL(`expected/${file}`, import.meta.url);
      if (process.env['UPDATE_EXPECTED']) await writeFile(expected, stringify(manifests, { lineWidth: 0 }));
      assert.deepEqual(manifests, parse(await readFile(expected, 'utf8')));
    });
  }

  it('are named after the resource and the node, so that two resources share none', async () => {
    const one = await sample('pinot.yaml');
    const other = { ...one, metadata: { ...one.metadata, name: 'other' } };
    const keys = plan(operator, one).objects.map(({ key }) => key);
    assert.deepEqual(
      plan(operator, other)
        .objects.map(({ key }) => key)
        .filter((key) => keys.includes(key)),
      [],
    );
  });

  it('give every node a ConfigMap of its own, though two share one pinotNodeConfig', async () => {
    const planned = plan(operator, await sample('pinot-hetero.yaml'));
    for (const node of ['hot', 'cold'])
      assert.deepEqual(configurationOf(planned, `StatefulSet.apps/analytics-${node}`), [
        `analytics-${node}-config`,
      ]);
  });

  it('select the pods of their own node only', async () => {
    const planned = plan(operator, await sample('pinot-hetero.yaml'));
    const selectors = planned.objects
      .filter(({ manifest }) => ['StatefulSet', 'Deployment'].includes(manifest.kind))
      .map(({ key }) => applied(planned, key).selector['matchLabels']);
    assert.equal(new Set(selectors.map((labels) => JSON.stringify(labels))).size, 5);
    assert.deepEqual(
      applied(planned, 'Service/analytics-hot').selector,
      applied(planned, 'StatefulSet.apps/analytics-hot').selector['matchLabels'],
    );
  });

  it('do not select by a selector that the k8sConfig brings along', async () => {
    const resource = await sample('pinot.yaml', ({ k8sConfig }) => ({
      k8sConfig: k8sConfig.map((config) => ({
        ...config,
        service: Object.assign({}, config.service, { selector: { app: 'pinot' } }),
      })),
    }));
    assert.deepEqual(plan(operator, resource).objects, plan(operator, await sample('pinot.yaml')).objects);
  });

  it('take the JAVA_OPTS of the pinotNodeConfig when env has some too', async () => {
    const resource = await sample('pinot.yaml', ({ k8sConfig }) => ({
      k8sConfig: k8sConfig.map((config) => ({ ...config, env: [{ name: 'JAVA_OPTS', value: '-Xmx1M' }] })),
    }));
    const { template } = applied(plan(operator, resource), 'StatefulSet.apps/pinot-broker');
    assert.deepEqual(template?.spec.containers[0]?.env, [
      { name: 'JAVA_OPTS', value: '-Xms256M -Xmx1G -XX:+UseG1GC' },
    ]);
  });
});

describe("what today's operator made of a Pinot", () => {
  it('is kept: the labels by which tenants find their controller', async () => {
    const planned = plan(operator, await sample('pinot.yaml'));
    const service = planned.objects.find(({ key }) => key === 'Service/pinot-controller');
    assert.equal(service?.manifest.metadata.labels?.['custom_resource'], 'pinot');
    assert.equal(service?.manifest.metadata.labels?.['nodeType'], 'controller');
  });

  it('is kept: of several variables of one name, or deep storages of one node type, the last counts', async () => {
    const resource = await sample('pinot.yaml', ({ k8sConfig }) => ({
      external: {
        zookeeper: { spec: { zkAddress: 'zk:2181' } },
        deepStorage: {
          spec: [
            { nodeType: 'broker', data: 'a=1' },
            { nodeType: 'broker', data: 'a=2' },
          ],
        },
      },
      k8sConfig: k8sConfig.map((config) => ({
        ...config,
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '2' },
        ],
      })),
    }));
    const planned = plan(operator, resource);
    const { template } = applied(planned, 'StatefulSet.apps/pinot-broker');
    assert.deepEqual(
      template?.spec.containers[0]?.env?.filter(({ name }) => name === 'A'),
      [{ name: 'A', value: '2' }],
    );
    const config = planned.objects.find(({ desired: { name } }) => name === 'pinot-broker-config');
    const data = JSON.stringify(config?.manifest['data']);
    assert.ok(data.includes('a=2') && !data.includes('a=1'));
  });
});

describe('the order of a Pinot', () => {
  it('is spec.deploymentOrder', async () => {
    assert.deepEqual(stagesOf(plan(operator, await sample('pinot.yaml'))), [
      'controller: StatefulSet.apps/pinot-controller',
      'broker: StatefulSet.apps/pinot-broker',
      'server: StatefulSet.apps/pinot-server',
      'minion: Deployment.apps/pinot-minion',
    ]);
  });

  it('changes the nodes of one type one after the other, and types that are not listed last', async () => {
    const planned = plan(operator, await sample('pinot-hetero.yaml'));
    assert.deepEqual(stagesOf(planned), [
      'controller: StatefulSet.apps/analytics-controller',
      'server: StatefulSet.apps/analytics-hot',
      'server: StatefulSet.apps/analytics-cold',
      'broker: Deployment.apps/analytics-broker',
      'minion: Deployment.apps/analytics-minion',
    ]);
    assert.deepEqual(planned.warnings, ['role "minion" is not in the order and comes last']);
  });

  for (const deploymentOrder of [[], ['server'], ['minion', 'server', 'broker', 'controller', 'zookeeper']])
    it(`may be [${deploymentOrder.join(', ')}]; no node is dropped`, async () => {
      const planned = plan(operator, await sample('pinot.yaml', () => ({ deploymentOrder })));
      assert.deepEqual(
        planned.stages
          .map(({ role }) => role)
          .slice(0, deploymentOrder.length)
          .join(),
        deploymentOrder.filter((role) => role !== 'zookeeper').join(),
      );
      assert.equal(planned.stages.length, 4);
    });
});

describe('the refusals of a Pinot', () => {
  it('name every field that is wrong, at once', async () => {
    const resource = await sample('pinot.yaml', ({ nodes, pinotNodeConfig, k8sConfig }) => ({
      external: { zookeeper: { spec: { zkAddress: '' } } },
      deploymentOrder: ['controller', '', 'controller'],
      k8sConfig: [...k8sConfig, ...k8sConfig.slice(0, 1)],
      pinotNodeConfig: [...pinotNodeConfig, ...pinotNodeConfig.slice(1, 2)],
      nodes: [
        ...nodes.map((node, index) =>
          index === 2 ? { ...node, k8sConfig: 'sever', kind: 'DaemonSet' } : node,
        ),
        {
          name: '',
          kind: 'StatefulSet',
          nodeType: 'gateway',
          replicas: -1,
          k8sConfig: '',
          pinotNodeConfig: 'x',
        },
        ...nodes.slice(0, 1),
      ],
    }));
    assert.deepEqual(causesOf(resource), [
      'spec.external.zookeeper.spec.zkAddress: is missing; write host:port of ZooKeeper',
      'spec.deploymentOrder[1]: is empty; write a name, or remove it',
      'spec.deploymentOrder[2]: "controller" is already used by spec.deploymentOrder[0]',
      'spec.k8sConfig[4].name: "controller" is already used by spec.k8sConfig[0].name',
      'spec.pinotNodeConfig[4].name: "broker" is already used by spec.pinotNodeConfig[1].name',
      'spec.nodes[4].name: is empty; write a name',
      'spec.nodes[5].name: "controller" is already used by spec.nodes[0].name',
      'spec.nodes[2].kind: "DaemonSet" is not supported; use StatefulSet or Deployment',
      'spec.nodes[2].k8sConfig: no k8sConfig is named "sever"; use one of controller, broker, server, minion',
      'spec.nodes[4].replicas: is -1; use 0 or more',
      'spec.nodes[4].nodeType: no nodeType is named "gateway"; use one of controller, broker, server, minion',
      'spec.nodes[4].k8sConfig: no k8sConfig is named ""; use one of controller, broker, server, minion',
      'spec.nodes[4].pinotNodeConfig: no pinotNodeConfig is named "x"; use one of controller, broker, server, minion',
    ]);
  });

  it('are none for the samples', async () => {
    assert.deepEqual(causesOf(await sample('pinot.yaml')), []);
    assert.deepEqual(causesOf(await sample('pinot-hetero.yaml')), []);
  });
});
