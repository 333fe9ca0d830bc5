import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Manifest } from '../../core/manifest.ts';
import type { ResourceStatus } from '../../core/status/resource-status.ts';
import type { ParseableSpec } from '../../examples/parseable/parseable.ts';
import { eventually } from '../../testing/eventually.ts';
import { conditionOf, ExampleStage } from './example-stage.ts';
import { countOf, momentsOf, orderOf, roles } from './moments.ts';
import { DEPLOYMENT, POD, STATEFUL_SET, Story } from './story.ts';

type Tenant = Manifest & { readonly spec: ParseableSpec; readonly status?: ResourceStatus };
type Edit = (spec: ParseableSpec) => Partial<ParseableSpec>;

const EXAMPLE = { folder: 'parseable', group: 'parseable.io', kind: 'ParseableTenant' };
const CONFIG_MAP = { group: '', kind: 'ConfigMap' };
const CLAIM = { group: '', kind: 'PersistentVolumeClaim' };

/** The order of parseable-hetero.yaml, and how many pods each of its types has. */
const ORDER = ['logs-fast', 'logs-slow', 'logs-answers', 'logs-console'];
const PODS = { ingest: 3, query: 2, ui: 1 };

function edited(tenant: Tenant, edit: Edit): Tenant {
  return { ...tenant, spec: { ...tenant.spec, ...edit(tenant.spec) } };
}

/** The same whose pods take a while until they are ready, so that an order can be seen. */
function slow(tenant: Tenant, version = 'v0.4.0'): Tenant {
  const image = `parseable/parseable:${version}-slow-300`;
  return edited(tenant, ({ k8sConfig }) => ({ k8sConfig: k8sConfig.map((each) => ({ ...each, image })) }));
}

describe('the Parseable operator, run from the command line', () => {
  let stage: ExampleStage<Tenant>;
  let parseable: Tenant;
  let logs: Tenant;
  before(async () => {
    stage = await ExampleStage.open<Tenant>(EXAMPLE);
    parseable = slow(await stage.sample('parseable.yaml'));
    logs = slow(await stage.sample('parseable-hetero.yaml'));
  });
  after(() => stage[Symbol.asyncDispose]());

  async function named(kind: typeof POD, instance: string): Promise<readonly Manifest[]> {
    const labelSelector = `app.kubernetes.io/instance=${instance}`;
    const { items } = await stage.api.list(kind, { namespace: stage.namespace, labelSelector });
    return items.toSorted((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1));
  }

  async function pods(instance: string): Promise<readonly (string | undefined)[]> {
    return (await named(POD, instance)).map(({ metadata }) => metadata.uid);
  }

  /** Changes a tenant, and answers what became of its pods once all that the change makes are ready. */
  async function upgraded(tenant: Tenant, made: number): Promise<ReturnType<typeof momentsOf>> {
    const { name } = tenant.metadata;
    await using story = await Story.begin(stage.api, stage.namespace, [POD]);
    await stage.want(tenant);
    await stage.ready(name);
    await eventually(`${made} pods are made and ready`, () => {
      return roles(momentsOf(story, name), 'ready').length === made;
    });
    return momentsOf(story, name);
  }

  it('installs its samples side by side in one namespace', async () => {
    await Promise.all([stage.want(parseable), stage.want(logs)]);
    const [one, other] = await Promise.all([stage.ready('parseable'), stage.ready('logs')]);
    assert.equal(one.status?.ready, '1/1');
    assert.equal(other.status?.ready, '4/4');
    assert.equal((await pods('parseable')).length, 1);
    assert.equal((await pods('logs')).length, 6);
  });

  it('drops a field that no Service has, which resources of today may have there', async () => {
    const resource = stage.ref('ParseableTenant', 'parseable', 'parseable.io');
    const path = '/spec/k8sConfig/0/service/name';
    await stage.api.patch(resource, [{ op: 'add', path, value: 'parseable-server' }]);
    const { spec } = await stage.ready('parseable');
    assert.deepEqual(spec.k8sConfig, parseable.spec.k8sConfig);
  });

  it('restarts the pods when their environment changes, node by node in deploymentOrder, each once', async () => {
    logs = edited(logs, ({ parseableConfig }) => ({
      parseableConfig: parseableConfig.map((each) => ({ ...each, env: { ...each.env, P_MAX_DISK: '80' } })),
    }));
    const moments = await upgraded(logs, 6);
    assert.deepEqual(orderOf(moments, 'workload'), ORDER);
    assert.deepEqual(countOf(moments), PODS);
  });

  it('restarts the pods of all nodes when the object store changes, in the same order', async () => {
    const objectStore = { spec: { type: 's3', data: 'P_S3_BUCKET=other\n' } };
    logs = edited(logs, () => ({ external: { objectStore } }));
    const moments = await upgraded(logs, 6);
    assert.deepEqual(orderOf(moments, 'workload'), ORDER);
    assert.deepEqual(countOf(moments), PODS);
  });

  it('restarts the pods of one node type when only its command line changes', async () => {
    const running = await pods('parseable');
    logs = edited(logs, ({ parseableConfig }) => ({
      parseableConfig: parseableConfig.map((each) =>
        each.name === 'ingest' ? { ...each, cliArgs: ['s3-store', '--verbose'] } : each,
      ),
    }));
    const moments = await upgraded(logs, 3);
    assert.deepEqual(orderOf(moments, 'workload'), ['logs-fast', 'logs-slow']);
    assert.deepEqual(await pods('parseable'), running);
  });

  it('upgrades to another image in deploymentOrder, each pod once', async () => {
    logs = slow(logs, 'v0.5.0');
    const moments = await upgraded(logs, 6);
    assert.deepEqual(orderOf(moments, 'workload'), ORDER);
    assert.deepEqual(countOf(moments), PODS);
  });

  it('leaves the pods of a tenant alone when those of another would have their names', async () => {
    const tenant = (name: string, node: string): Tenant => ({
      ...edited(parseable, ({ nodes }) => ({ nodes: nodes.map((each) => ({ ...each, name: node })) })),
      metadata: { name },
    });
    await stage.want(tenant('trace', 'eu-ingest'));
    await stage.ready('trace');
    const running = await pods('trace');
    assert.equal(running.length, 1);
    await stage.want(tenant('trace-eu', 'ingest'));
    const { status } = await stage.until('trace-eu', 'is refused', (each) => {
      return conditionOf(each, 'Stalled')?.reason === 'OwnershipConflict';
    });
    assert.match(
      conditionOf(status, 'Stalled')?.message ?? '',
      /trace-eu-ingest\S*: belongs to ParseableTenant \S+\/trace, and ParseableTenant \S+\/trace-eu asks for the same name/,
    );
    assert.deepEqual(await pods('trace'), running);
    assert.deepEqual(await pods('trace-eu'), []);
    await stage.ready('trace');
  });

  it('repairs what somebody edits or deletes by hand, without a restart of a pod', async () => {
    const running = await pods('logs');
    const configs = await named(CONFIG_MAP, 'logs');
    const config = configs.find(({ metadata: { name } }) => name.startsWith('logs-answers-config'))?.metadata;
    const service = stage.ref('Service', 'logs-answers');
    const workload = stage.ref('StatefulSet', 'logs-fast', 'apps');
    const wanted = await Promise.all([service, workload].map((ref) => stage.api.get(ref)));
    await Promise.all([
      stage.api.remove(stage.ref('ConfigMap', config?.name ?? ''), { uid: config?.uid ?? '' }),
      stage.api.patch(service, [{ op: 'replace', path: '/spec/ports/0/port', value: 1 }]),
      stage.api.patch(workload, [{ op: 'remove', path: '/metadata/labels/app.kubernetes.io~1component' }]),
    ]);
    await eventually('all is as it was', async () => {
      const found = await Promise.all([service, workload].map((ref) => stage.api.get(ref)));
      assert.deepEqual(
        found.map((each) => [each?.['spec'], each?.metadata.labels]),
        wanted.map((each) => [each?.['spec'], each?.metadata.labels]),
      );
      assert.deepEqual(
        (await named(CONFIG_MAP, 'logs')).map(({ metadata: { name }, data }) => [name, data]),
        configs.map(({ metadata: { name }, data }) => [name, data]),
      );
      return true;
    });
    await stage.ready('logs');
    assert.deepEqual(await pods('logs'), running);
  });

  it('stalls on a node that names no parseableConfig, says which, and deletes nothing', async () => {
    const running = await pods('logs');
    const nodes = logs.spec.nodes.map((node) =>
      node.name === 'slow' ? { ...node, parseableConfig: 'ingset' } : node,
    );
    await stage.want(edited(logs, () => ({ nodes })));
    const { status } = await stage.until(
      'logs',
      'is Stalled',
      (each) => conditionOf(each, 'Stalled')?.status === 'True',
    );
    assert.deepEqual(
      [conditionOf(status, 'Stalled')?.reason, conditionOf(status, 'Stalled')?.message],
      [
        'PlanInvalid',
        'spec.nodes[2].parseableConfig: no parseableConfig is named "ingset"; use one of ingest, query',
      ],
    );
    await stage.want(logs);
    await stage.ready('logs');
    assert.deepEqual(await pods('logs'), running);
  });

  it('is told by the API server that two nodes have one name', async () => {
    const { nodes } = parseable.spec;
    await assert.rejects(
      stage.want(edited(parseable, () => ({ nodes: [...nodes, ...nodes] }))),
      /each node has a name of its own/,
    );
  });

  it('removes all of a node that is removed, but its claims', async () => {
    const left = (await named(POD, 'logs'))
      .filter(({ metadata: { name } }) => !/^logs-(slow|console)-/.test(name))
      .map(({ metadata }) => metadata.uid);
    const nodes = logs.spec.nodes.filter(({ name }) => name !== 'slow' && name !== 'console');
    logs = edited(logs, () => ({ nodes }));
    await stage.want(logs);
    assert.equal((await stage.ready('logs')).status?.ready, '2/2');
    await eventually('what belongs to the nodes is gone', async () => {
      const kinds = [STATEFUL_SET, DEPLOYMENT, POD, CONFIG_MAP, { group: '', kind: 'Service' }];
      const found = (await Promise.all(kinds.map((kind) => named(kind, 'logs')))).flat();
      return !found.some(({ metadata: { name } }) => /^logs-(slow|console)/.test(name));
    });
    assert.deepEqual(await pods('logs'), left);
    assert.deepEqual(
      (await named(CLAIM, 'logs')).map(({ metadata }) => metadata.name),
      ['logs-console-staging', 'staging-logs-fast-0', 'staging-logs-fast-1', 'staging-logs-slow-0'],
    );
  });

  it('deletes in the reverse of the order, and keeps the claims', async () => {
    const claims = (await named(CLAIM, 'logs')).map(({ metadata }) => metadata.uid);
    await using story = await Story.begin(stage.api, stage.namespace, [STATEFUL_SET, DEPLOYMENT]);
    const resource = stage.ref('ParseableTenant', 'logs', 'parseable.io');
    const { metadata } = (await stage.api.get(resource)) ?? {};
    await stage.api.remove(resource, { uid: metadata?.uid ?? '' });
    await eventually('the resource is gone', async () => (await stage.api.get(resource)) === undefined);
    const gone = await eventually('its workloads are gone', () => {
      const deleted = story.happenings.filter(({ type }) => type === 'DELETED');
      return deleted.length === 2 && deleted.map(({ object }) => object.metadata.name);
    });
    assert.deepEqual(gone, ['logs-answers', 'logs-fast']);
    assert.deepEqual(
      (await named(CLAIM, 'logs')).map(({ metadata: { uid } }) => uid),
      claims,
    );
    assert.equal((await stage.ready('parseable')).status?.ready, '1/1');
  });
});
