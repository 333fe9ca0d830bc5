import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ObjectRef } from '../../core/refs.ts';
import { eventually } from '../../testing/eventually.ts';
import type { ExampleStage } from './example-stage.ts';
import { conditionOf } from './example-stage.ts';
import { countOf, momentsOf, orderOf, roles } from './moments.ts';
import type { Pinot } from './pinot-stage.ts';
import { configured, openPinotStage, slow } from './pinot-stage.ts';
import { DEPLOYMENT, POD, STATEFUL_SET, Story } from './story.ts';

const PODS = { controller: 1, broker: 2, server: 2, minion: 1 };
const HETERO_PODS = { controller: 1, server: 3, broker: 1, minion: 1 };

describe('the Pinot operator, run from the command line', () => {
  let stage: ExampleStage<Pinot>;
  let pinot: Pinot;
  let hetero: Pinot;
  before(async () => {
    stage = await openPinotStage();
    pinot = slow(await stage.sample('pinot.yaml'), 300);
    hetero = slow(await stage.sample('pinot-hetero.yaml'), 300);
  });
  after(() => stage[Symbol.asyncDispose]());

  async function pods(): Promise<readonly (string | undefined)[]> {
    const { items } = await stage.api.list(POD, { namespace: stage.namespace });
    return items.map(({ metadata }) => metadata.uid).toSorted();
  }

  /** The version of a ConfigMap that is in use. */
  async function versionOf(plain: string): Promise<{ ref: ObjectRef; uid: string; data: unknown }> {
    const labelSelector = `durable-operator.dev/version-of=${plain}`;
    const kind = { group: '', kind: 'ConfigMap' };
    const { items } = await stage.api.list(kind, { namespace: stage.namespace, labelSelector });
    const [{ metadata, data } = { metadata: { name: '', uid: '' }, data: undefined }] = items;
    assert.equal(items.length, 1, `one version of ${plain}`);
    return { ref: stage.ref('ConfigMap', metadata.name), uid: metadata.uid ?? '', data };
  }

  it('installs its samples side by side in one namespace', async () => {
    await Promise.all([stage.want(pinot), stage.want(hetero)]);
    const [one, other] = await Promise.all([stage.ready('pinot'), stage.ready('analytics')]);
    assert.equal(one.status?.ready, '4/4');
    assert.equal(other.status?.ready, '5/5');
    assert.equal((await pods()).length, 6 + 6);
  });

  it('rolls a change of all configurations in deploymentOrder, each pod once', async () => {
    await using story = await Story.begin(stage.api, stage.namespace, [POD]);
    [pinot, hetero] = [configured(pinot, 'a.line=1'), configured(hetero, 'a.line=1')];
    await Promise.all([stage.want(pinot), stage.want(hetero)]);
    await Promise.all([stage.ready('pinot'), stage.ready('analytics')]);
    await eventually('the last minion is ready', () =>
      ['pinot', 'analytics'].every((name) => roles(momentsOf(story, name), 'ready').includes('minion')),
    );
    assert.deepEqual(orderOf(momentsOf(story, 'pinot')), pinot.spec.deploymentOrder);
    assert.deepEqual(orderOf(momentsOf(story, 'analytics')), [...hetero.spec.deploymentOrder, 'minion']);
    assert.deepEqual(countOf(momentsOf(story, 'pinot')), PODS);
    assert.deepEqual(countOf(momentsOf(story, 'analytics')), HETERO_PODS);
  });

  it('repairs what somebody edits or deletes by hand, without a restart of a pod', async () => {
    const running = await pods();
    const config = await versionOf('pinot-broker-config');
    const workload = stage.ref('StatefulSet', 'pinot-server', 'apps');
    const service = stage.ref('Service', 'pinot-server');
    const { metadata } = (await stage.api.get(service)) ?? {};
    const edit = [{ op: 'replace', path: '/data', value: { 'pinot-broker.conf': 'mine' } }] as const;
    await assert.rejects(stage.api.patch(config.ref, edit), /immutable/);
    await Promise.all([
      stage.api.remove(config.ref, { uid: config.uid }),
      stage.api.patch(workload, [{ op: 'replace', path: '/spec/minReadySeconds', value: 0 }]),
      stage.api.patch(service, [{ op: 'replace', path: '/spec/ports/0/port', value: 1 }]),
    ]);
    const again = await eventually('the ConfigMap is there again', async () => {
      const live = await stage.api.get(config.ref);
      return live?.metadata.uid === config.uid ? undefined : live;
    });
    assert.deepEqual(again['data'], config.data);
    await stage.api.remove(service, { uid: metadata?.uid ?? '' });
    const made = await eventually('the Service is there again', () => stage.api.get(service));
    assert.notEqual(made.metadata.uid, metadata?.uid);
    await stage.ready('pinot');
    assert.deepEqual(await pods(), running);
  });

  it('is told by the API server that two nodes have one name', async () => {
    const [first] = pinot.spec.nodes;
    assert.ok(first);
    const spec = { ...pinot.spec, nodes: [...pinot.spec.nodes, first] };
    await assert.rejects(stage.want({ ...pinot, spec }), /each node has a name of its own/);
  });

  it('stalls on a node that names no k8sConfig, says which, and deletes nothing', async () => {
    const running = await pods();
    const nodes = pinot.spec.nodes.map((node) =>
      node.name === 'server' ? { ...node, k8sConfig: 'sever' } : node,
    );
    await stage.want({ ...pinot, spec: { ...pinot.spec, nodes } });
    const { status } = await stage.until(
      'pinot',
      'is Stalled',
      (each) => conditionOf(each, 'Stalled')?.status === 'True',
    );
    assert.deepEqual(
      [conditionOf(status, 'Stalled')?.reason, conditionOf(status, 'Stalled')?.message],
      [
        'PlanInvalid',
        'spec.nodes[2].k8sConfig: no k8sConfig is named "sever"; use one of controller, broker, server, minion',
      ],
    );
    await stage.want(pinot);
    await stage.ready('pinot');
    assert.deepEqual(await pods(), running);
  });

  it('finishes an upgrade in the middle of which the program was killed, with no pod made twice', async () => {
    await using story = await Story.begin(stage.api, stage.namespace, [POD]);
    pinot = configured(pinot, 'another.line=1');
    await stage.want(pinot);
    await eventually('its brokers roll', () =>
      roles(momentsOf(story, 'pinot'), 'created').includes('broker'),
    );
    await stage.kill();
    await stage.start();
    await stage.ready('pinot');
    await eventually('the minion is ready', () =>
      roles(momentsOf(story, 'pinot'), 'ready').includes('minion'),
    );
    assert.deepEqual(orderOf(momentsOf(story, 'pinot')), pinot.spec.deploymentOrder);
    assert.deepEqual(countOf(momentsOf(story, 'pinot')), PODS);
    assert.deepEqual(countOf(momentsOf(story, 'analytics')), {});
  });

  it('deletes in the reverse of the order, and keeps the claims', async () => {
    await using story = await Story.begin(stage.api, stage.namespace, [STATEFUL_SET, DEPLOYMENT]);
    const resource = stage.ref('Pinot', 'pinot', 'datainfra.io');
    const { metadata } = (await stage.api.get(resource)) ?? {};
    await stage.api.remove(resource, { uid: metadata?.uid ?? '' });
    const gone = await eventually('all its workloads are gone', () => {
      const deleted = story.happenings.filter(({ type }) => type === 'DELETED');
      return deleted.length >= 4 && deleted.map(({ object }) => object.metadata.name);
    });
    assert.deepEqual(gone, ['pinot-minion', 'pinot-server', 'pinot-broker', 'pinot-controller']);
    await eventually('the resource is gone', async () => (await stage.api.get(resource)) === undefined);
    const claims = await stage.api.list(
      { group: '', kind: 'PersistentVolumeClaim' },
      { namespace: stage.namespace, labelSelector: 'app.kubernetes.io/instance=pinot' },
    );
    assert.deepEqual(claims.items.map(({ metadata: { name } }) => name).toSorted(), [
      'data-pinot-controller-0',
      'data-pinot-server-0',
      'data-pinot-server-1',
    ]);
    assert.equal((await stage.ready('analytics')).status?.ready, '5/5');
  });
});
