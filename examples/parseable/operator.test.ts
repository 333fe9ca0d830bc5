import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import type { V1ConfigMap, V1Container, V1DeploymentSpec } from '@kubernetes/client-node';
import { InvalidResource, plan } from 'durable-operator';
import type { Plan, Resource } from 'durable-operator';
import { readResource } from 'durable-operator/testing';
import { parse, stringify } from 'yaml';
import operator from './operator.ts';
import type { ParseableSpec } from './parseable.ts';

type Edit = (spec: ParseableSpec) => Partial<ParseableSpec>;

/** A sample, with changes of its spec. */
async function sample(file: string, edit: Edit = () => ({})): Promise<Resource<ParseableSpec>> {
  const resource = await readResource<ParseableSpec>(new URL(`samples/${file}`, import.meta.url));
  return { ...resource, spec: { ...resource.spec, ...edit(resource.spec) } };
}

function causesOf(resource: Resource<ParseableSpec>): readonly string[] {
  try {
    plan(operator, resource);
  } catch (error) {
    assert.ok(error instanceof InvalidResource, String(error));
    return error.causes.map(({ field, message }) => `${field}: ${message}`);
  }
  return [];
}

type Pods = Pick<V1DeploymentSpec, 'selector' | 'strategy' | 'template'>;

function find<Found>(planned: Plan, kind: string, name: string): Found {
  const found = planned.objects.find(({ desired }) => desired.kind === kind && desired.name === name);
  assert.ok(found, `no ${kind} ${name} among ${planned.objects.map(({ key }) => key).join(', ')}`);
  return JSON.parse(JSON.stringify(found.manifest));
}

function podsOf(planned: Plan, kind: string, name: string): Pods {
  return find<{ spec: Pods }>(planned, kind, name).spec;
}

function parseableIn({ template }: Pods): V1Container {
  const [container] = template.spec?.containers ?? [];
  assert.ok(container);
  return container;
}

describe('the objects of a ParseableTenant', () => {
  for (const file of ['parseable.yaml', 'parseable-hetero.yaml']) {
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

  it('select no pod of another resource, also where their names meet', async () => {
    const named = async (tenant: string, node: string): Promise<Plan> => {
      const one = await sample('parseable.yaml', ({ nodes }) => ({
        nodes: nodes.map((each) => ({ ...each, name: node })),
      }));
      return plan(operator, { ...one, metadata: { ...one.metadata, name: tenant } });
    };
    const [one, other] = [await named('logs', 'eu-ingest'), await named('logs-eu', 'ingest')];
    const [mine, theirs] = [one, other].map((each) => podsOf(each, 'StatefulSet', 'logs-eu-ingest'));
    const { selector } = find<{ spec: { selector: object } }>(one, 'Service', 'logs-eu-ingest').spec;
    assert.partialDeepStrictEqual(mine?.template.metadata?.labels, selector);
    assert.throws(() => assert.partialDeepStrictEqual(theirs?.template.metadata?.labels, selector));
  });

  it('select the pods of their own node only', async () => {
    const planned = plan(operator, await sample('parseable-hetero.yaml'));
    const selectors = planned.objects
      .filter(({ desired }) => ['StatefulSet', 'Deployment'].includes(desired.kind))
      .map(({ desired }) => podsOf(planned, desired.kind, desired.name).selector.matchLabels);
    assert.equal(new Set(selectors.map((labels) => JSON.stringify(labels))).size, 4);
    assert.deepEqual(
      find<{ spec: { selector: unknown } }>(planned, 'Service', 'logs-answers').spec.selector,
      podsOf(planned, 'Deployment', 'logs-answers').selector.matchLabels,
    );
  });

  it('are a ConfigMap for each node, which its pods are told by: a change of it restarts them', async () => {
    const { objects } = plan(operator, await sample('parseable-hetero.yaml'));
    const configMaps = objects.filter(({ manifest }) => manifest.kind === 'ConfigMap').map(({ key }) => key);
    const used = objects
      .filter(({ stage }) => stage !== undefined)
      .map(({ uses }) => uses.filter((key) => configMaps.includes(key)));
    for (const each of used) assert.equal(each.length, 1);
    assert.equal(new Set(used.flat()).size, 4);
  });

  it('have the variables of the object store in every ConfigMap, over those of the node', async () => {
    const planned = plan(
      operator,
      await sample('parseable-hetero.yaml', () => ({
        external: {
          objectStore: { spec: { type: 's3', data: '\n# a note\nP_MODE = all\nP_QUERY=a=b c\n\n' } },
        },
      })),
    );
    for (const { desired } of planned.objects.filter((each) => each.desired.kind === 'ConfigMap'))
      assert.deepEqual(find<V1ConfigMap>(planned, 'ConfigMap', desired.name).data, {
        P_ADDR: '0.0.0.0:8000',
        P_MODE: 'all',
        P_STAGING_DIR: '/parseable/staging',
        P_QUERY: 'a=b c',
      });
  });

  it('have a claim for each pod of a StatefulSet, and one for all pods of a Deployment', async () => {
    const planned = plan(operator, await sample('parseable-hetero.yaml'));
    assert.deepEqual(
      planned.objects
        .filter(({ desired }) => desired.kind === 'PersistentVolumeClaim')
        .map(({ desired }) => desired.name),
      ['logs-console-staging'],
    );
    const { strategy, template } = podsOf(planned, 'Deployment', 'logs-console');
    assert.deepEqual(strategy, { type: 'Recreate' });
    assert.deepEqual(template.spec?.volumes, [
      { name: 'staging', persistentVolumeClaim: { claimName: 'logs-console-staging' } },
    ]);
    assert.equal(podsOf(planned, 'Deployment', 'logs-answers').strategy, undefined);
  });
});

describe("what today's operator made of a ParseableTenant", () => {
  it('is kept: the command line, the port, the user, the labels of Services', async () => {
    const planned = plan(operator, await sample('parseable.yaml'));
    const pods = podsOf(planned, 'StatefulSet', 'parseable-server');
    const { args, ports, securityContext } = parseableIn(pods);
    assert.deepEqual(args, ['parseable', 'local-store']);
    assert.deepEqual(ports, [{ containerPort: 8000 }]);
    assert.deepEqual(securityContext, { allowPrivilegeEscalation: false });
    assert.partialDeepStrictEqual(pods.template.spec?.securityContext, { runAsUser: 1000, fsGroup: 1000 });
    assert.partialDeepStrictEqual(
      find<{ metadata: object }>(planned, 'Service', 'parseable-server').metadata,
      {
        labels: { app: 'parseable', custom_resource: 'parseable', nodeType: 'server' },
      },
    );
  });

  it('is kept: a selector of the Service means nothing', async () => {
    const resource = await sample('parseable.yaml', ({ k8sConfig }) => ({
      k8sConfig: k8sConfig.map((each) => ({
        ...each,
        service: Object.assign({}, each.service, { selector: { a: 'b' } }),
      })),
    }));
    assert.deepEqual(
      plan(operator, resource).objects,
      plan(operator, await sample('parseable.yaml')).objects,
    );
  });

  it('is kept: of several variables of one name the last counts', async () => {
    const env = ['1', '2'].map((value) => ({ name: 'P_MODE', value }));
    const resource = await sample('parseable.yaml', ({ k8sConfig }) => ({
      k8sConfig: k8sConfig.map((each) => ({ ...each, env })),
    }));
    assert.deepEqual(
      parseableIn(podsOf(plan(operator, resource), 'StatefulSet', 'parseable-server')).env,
      env.slice(1),
    );
  });
});

describe('the order of a ParseableTenant', () => {
  it('is spec.deploymentOrder, node by node, and types that are not listed come last', async () => {
    const { stages, warnings } = plan(operator, await sample('parseable-hetero.yaml'));
    assert.deepEqual(
      stages.map(({ role, workloads }) => `${role}: ${workloads.join(', ')}`),
      [
        'ingest: StatefulSet.apps/logs-fast',
        'ingest: StatefulSet.apps/logs-slow',
        'query: Deployment.apps/logs-answers',
        'ui: Deployment.apps/logs-console',
      ],
    );
    assert.deepEqual(warnings, ['role "ui" is not in the order and comes last']);
  });

  it('may be empty; no node is dropped', async () => {
    const { stages } = plan(operator, await sample('parseable-hetero.yaml', () => ({ deploymentOrder: [] })));
    assert.equal(stages.length, 4);
  });
});

describe('the refusals of a ParseableTenant', () => {
  it('name every field that is wrong, at once', async () => {
    const resource = await sample('parseable.yaml', ({ nodes, parseableConfig, k8sConfig }) => ({
      external: { objectStore: { spec: { type: 's3', data: 'P_S3_BUCKET=b\nsecret\n' } } },
      deploymentOrder: ['server', '', 'server'],
      k8sConfig: [...k8sConfig, ...k8sConfig],
      parseableConfig: [...parseableConfig, ...parseableConfig],
      nodes: [
        ...nodes.map((node) => ({ ...node, k8sConfig: 'sever', kind: 'DaemonSet' })),
        ...nodes.map((node) => ({ ...node, parseableConfig: 'x' })),
        ...nodes.map((node) => ({ ...node, name: 'Query_1' })),
      ],
    }));
    assert.deepEqual(causesOf(resource), [
      'spec.deploymentOrder[1]: is empty; write a name, or remove it',
      'spec.deploymentOrder[2]: "server" is already used by spec.deploymentOrder[0]',
      'spec.k8sConfig[1].name: "server" is already used by spec.k8sConfig[0].name',
      'spec.parseableConfig[1].name: "local-store" is already used by spec.parseableConfig[0].name',
      'spec.nodes[1].name: "server" is already used by spec.nodes[0].name',
      'spec.nodes[2].name: "Query_1" cannot name objects; use a-z, 0-9 and -, beginning and ending with one of the first two',
      'spec.external.objectStore.spec.data: line 2 sets no variable; write NAME=value, NAME of letters, digits, _, - and .',
      'spec.nodes[0].kind: no kind is named "DaemonSet"; use one of StatefulSet, Statefulset, Deployment',
      'spec.nodes[0].k8sConfig: no k8sConfig is named "sever"; use one of server',
      'spec.nodes[1].parseableConfig: no parseableConfig is named "x"; use one of local-store',
    ]);
  });

  it('show no value of the object store, for it may be a password', async () => {
    const resource = await sample('parseable.yaml', () => ({
      external: { objectStore: { spec: { type: 's3', data: 'P S3 SECRET=hunter2' } } },
    }));
    assert.equal(causesOf(resource).length, 1);
    assert.doesNotMatch(causesOf(resource).join(), /hunter2/);
  });

  it('say that there is no spec', async () => {
    const { spec: _, ...bare } = await sample('parseable.yaml');
    assert.throws(() => plan(operator, { ...bare, spec: JSON.parse('null') }), /spec: is missing/);
  });

  it('are none for the samples', async () => {
    assert.deepEqual(causesOf(await sample('parseable.yaml')), []);
    assert.deepEqual(causesOf(await sample('parseable-hetero.yaml')), []);
  });
});
