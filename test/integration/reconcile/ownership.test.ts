import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Operator } from '../../../index.ts';
import { customResource, defineOperator, object } from '../../../index.ts';
import { ANNOTATIONS, LABELS } from '../../../core/labels.ts';
import type { Manifest } from '../../../core/manifest.ts';
import type { ObjectRef } from '../../../core/refs.ts';
import type { ResourceStatus } from '../../../core/status/resource-status.ts';
import { eventually } from '../../../testing/eventually.ts';
import { freshNamespace } from '../../support/sandbox.ts';
import type { ToyNode, ToySpec } from '../../support/toy-operator.ts';
import { conditionOf, ToyStage } from '../../support/toy-stage.ts';

const BROKER: ToyNode = { name: 'broker', role: 'broker', config: '1' };
const EU_BROKER: ToyNode = { ...BROKER, name: 'eu-broker' };

function specOf(...nodes: readonly ToyNode[]): ToySpec {
  return { order: ['broker'], nodes };
}

function stallOf(status: ResourceStatus | undefined): string {
  return conditionOf(status, 'Stalled')?.message ?? '';
}

describe('two resources of one namespace that ask for one name', () => {
  let stage: ToyStage;
  before(async () => {
    stage = await ToyStage.open();
  });
  after(() => stage[Symbol.asyncDispose]());

  function live(kind: string, name: string): Promise<Manifest | undefined> {
    return stage.api.get(stage.ref(kind, name, kind === 'StatefulSet' ? 'apps' : ''));
  }

  async function remove(name: string): Promise<void> {
    const uid = (await stage.resource(name))?.metadata.uid ?? '';
    await stage.api.remove(stage.ref('Toy', name, 'toy.dev'), { uid });
  }

  function ownerOf(manifest: Manifest | undefined): string | undefined {
    return manifest?.metadata.ownerReferences?.find(({ controller }) => controller)?.name;
  }

  /** Who has each object of the name, and which it is. */
  async function holders(name: string): Promise<readonly string[]> {
    const kinds = [
      { group: 'apps', kind: 'StatefulSet' },
      { group: '', kind: 'Service' },
      { group: '', kind: 'ConfigMap' },
    ];
    const lists = await Promise.all(
      kinds.map((kind) => stage.api.list(kind, { namespace: stage.namespace })),
    );
    return lists
      .flatMap(({ items }) => items)
      .filter(({ metadata }) => metadata.name.startsWith(name))
      .map((each) => `${each.kind} ${each.metadata.name} ${each.metadata.uid} of ${ownerOf(each)}`)
      .sort();
  }

  it('have it once, also when both are created at once: the other is refused with both names and the cure, and gets it at once when it is free', async () => {
    await Promise.all([stage.want(specOf(EU_BROKER), 'prod'), stage.want(specOf(BROKER), 'prod-eu')]);
    const stands = async (name: string): Promise<string | undefined> => {
      const { status } = (await stage.resource(name)) ?? {};
      if (conditionOf(status, 'Ready')?.status === 'True') return 'Ready';
      return conditionOf(status, 'Stalled')?.reason;
    };
    const ends = await eventually('both are settled', async () => {
      const both = [await stands('prod'), await stands('prod-eu')] as const;
      return both.every((each) => each !== undefined) ? both : undefined;
    });
    // Each may have got one of the objects first; then both are refused the other.
    assert.ok(ends.includes('OwnershipConflict'), ends.join());
    const [loser, other] = ends[0] === 'Ready' ? ['prod-eu', 'prod'] : ['prod', 'prod-eu'];
    assert.ok(loser && other);
    const refused = await stage.stalled('OwnershipConflict', loser);
    assert.match(
      stallOf(refused.status),
      new RegExp(
        `prod-eu-broker\\S*: belongs to Toy ${stage.namespace}/${other}, and Toy ${stage.namespace}/${loser} asks for the same name; rename one of the two`,
      ),
    );
    assert.equal(refused.status?.rollout?.pendingApprovals, undefined, 'nothing is offered for approval');
    const before = await holders('prod-eu-broker');
    const events = await stage.historyLength(loser);
    await stage.retry(loser, 'again');
    await eventually('it tried again', async () => (await stage.historyLength(loser)) > events);
    await stage.stalled('OwnershipConflict', loser);
    assert.deepEqual(await holders('prod-eu-broker'), before);

    await remove(other);
    await stage.ready(loser);
    const after = await holders('prod-eu-broker');
    assert.ok(after.length > 0 && after.every((each) => each.endsWith(` of ${loser}`)), after.join());
  });

  it('lose nothing by the deletion of the one that was refused', async () => {
    await stage.want(specOf(EU_BROKER), 'first');
    await stage.ready('first');
    const { uid } = (await live('StatefulSet', 'first-eu-broker'))?.metadata ?? {};
    await stage.want(specOf(BROKER), 'first-eu');
    await stage.stalled('OwnershipConflict', 'first-eu');
    await remove('first-eu');
    await eventually('it is gone', async () => (await stage.resource('first-eu')) === undefined);
    assert.equal((await live('StatefulSet', 'first-eu-broker'))?.metadata.uid, uid);
    assert.equal((await live('StatefulSet', 'first-eu-broker'))?.metadata.deletionTimestamp, undefined);
    await stage.ready('first');
  });

  it('are told when a hand gives an object of one to the other, and when it is given back', async () => {
    await stage.want(specOf(EU_BROKER), 'mine');
    await stage.want(specOf({ ...BROKER, name: 'other' }), 'yours');
    const [mine, yours] = await Promise.all([stage.ready('mine'), stage.ready('yours')]);
    const [reference] = (await live('Service', 'mine-eu-broker'))?.metadata.ownerReferences ?? [];
    const give = async ({ metadata: { name, uid } }: Manifest): Promise<void> => {
      const ref = stage.ref('Service', 'mine-eu-broker');
      const value = [{ ...reference, name, uid }];
      await stage.api.patch(ref, [{ op: 'replace', path: '/metadata/ownerReferences', value }]);
    };
    await give(yours);
    const { status } = await stage.stalled('OwnershipConflict', 'mine');
    assert.match(stallOf(status), /Service mine-eu-broker: belongs to Toy .*\/yours/);
    assert.equal(ownerOf(await live('Service', 'mine-eu-broker')), 'yours');
    await give(mine);
    await stage.ready('mine');
    assert.equal(ownerOf(await live('Service', 'mine-eu-broker')), 'mine');
  });

  it('share no claim that one of them left: its own namesake gets it back, another only by hand', async () => {
    const claims = { 'eu-data': '1Gi' };
    await stage.want({ ...specOf(), claims }, 'kept');
    await stage.ready('kept');
    const { uid } = (await live('PersistentVolumeClaim', 'kept-eu-data'))?.metadata ?? {};
    await remove('kept');
    await eventually('it is gone', async () => (await stage.resource('kept')) === undefined);

    await stage.want({ ...specOf(), claims: { data: '1Gi' } }, 'kept-eu');
    const { status } = await stage.stalled('OwnershipConflict', 'kept-eu');
    assert.match(
      stallOf(status),
      /PersistentVolumeClaim kept-eu-data: was left by Toy .*\/kept, which is gone, .* hand it over with kubectl annotate persistentvolumeclaim kept-eu-data -n \S+ durable-operator\.dev\/owner-/,
    );
    await stage.want({ ...specOf(), claims }, 'kept');
    await stage.ready('kept');
    assert.equal((await live('PersistentVolumeClaim', 'kept-eu-data'))?.metadata.uid, uid);
    await remove('kept');
    await eventually('it is gone', async () => (await stage.resource('kept')) === undefined);
    const path = `/metadata/annotations/${ANNOTATIONS.owner.replaceAll('/', '~1')}`;
    await stage.api.patch(stage.ref('PersistentVolumeClaim', 'kept-eu-data'), [{ op: 'remove', path }]);
    await stage.ready('kept-eu');
    const taken = await live('PersistentVolumeClaim', 'kept-eu-data');
    assert.equal(taken?.metadata.uid, uid);
    assert.match(taken?.metadata.annotations?.[ANNOTATIONS.owner] ?? '', /\/kept-eu$/);
  });

  it('mount no claim of a StatefulSet of the other', async () => {
    await stage.want(specOf({ ...EU_BROKER, storage: '1Gi' }), 'disk');
    await stage.ready('disk');
    await remove('disk');
    await eventually('it is gone', async () => !(await live('StatefulSet', 'disk-eu-broker')));
    await stage.want(specOf({ ...BROKER, storage: '1Gi' }), 'disk-eu');
    const { status } = await stage.stalled('OwnershipConflict', 'disk-eu');
    assert.match(
      stallOf(status),
      /StatefulSet disk-eu-broker: its pods would mount PersistentVolumeClaim data-disk-eu-broker-0, which was made for Toy\.toy\.dev_\S+_disk and not for Toy \S+\/disk-eu/,
    );
    await remove('disk-eu');
    await eventually('it is gone', async () => !(await live('Service', 'disk-eu-broker')));
    await stage.want(specOf({ ...EU_BROKER, storage: '1Gi' }), 'disk');
    await eventually('its own namesake has it again', async () => {
      const pod = await live('Pod', 'disk-eu-broker-0');
      return pod?.metadata.labels?.[LABELS.instance] === 'disk';
    });
  });
});

/** A role and its binding, named after the resource, and bindings with the names that the spec gives. */
function clusterOperator(name: string): Operator<ToySpec> {
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  return defineOperator(customResource<ToySpec>('toy.dev/v1', 'Toy'), {
    name,
    desired({ spec, metadata }, named) {
      const role = object({ apiVersion, kind: 'ClusterRole', metadata: { name: named('nodes') }, rules: [] });
      const bindings = [[named('nodes'), role.name], ...spec.order.map((own) => [own, 'view'] as const)].map(
        ([binding, of]) =>
          object({
            apiVersion,
            kind: 'ClusterRoleBinding',
            metadata: { name: binding ?? '' },
            // A reference to a role can never be changed.
            roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: of },
            subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: metadata.namespace }],
          }),
      );
      return [role, ...bindings];
    },
  });
}

describe('two resources of one name in two namespaces', () => {
  let stage: ToyStage;
  let elsewhere: string;
  before(async () => {
    stage = await ToyStage.open(clusterOperator);
    await stage.stop();
    elsewhere = await freshNamespace(stage.sandbox, 'toy');
    await stage.start({ allowedNamespaces: [stage.namespace, elsewhere] });
  });
  after(() => stage[Symbol.asyncDispose]());

  const binding = (name: string): ObjectRef => ({
    group: 'rbac.authorization.k8s.io',
    kind: 'ClusterRoleBinding',
    name,
  });
  const toy = (namespace: string): ObjectRef => ({ group: 'toy.dev', kind: 'Toy', namespace, name: 'p1' });

  async function want(namespace: string, ...order: readonly string[]): Promise<void> {
    const metadata = { namespace, name: 'p1' };
    const spec: ToySpec = { order, nodes: [] };
    await stage.api.apply(
      { apiVersion: 'toy.dev/v1', kind: 'Toy', metadata, spec },
      { fieldManager: 'kubectl' },
    );
  }

  async function until(namespace: string, type: string, reason: string): Promise<string> {
    return eventually(`p1 of ${namespace} is ${type} with ${reason}`, async () => {
      const { metadata, status } = ((await stage.api.get(toy(namespace))) ?? {}) as Manifest & {
        status?: ResourceStatus;
      };
      if (status?.observedGeneration !== metadata?.generation) return undefined;
      const condition = conditionOf(status, type);
      return condition?.status === 'True' && condition.reason === reason ? condition.message : undefined;
    });
  }

  it('have a cluster-scoped object each, under names with their namespaces', async () => {
    await Promise.all([want(stage.namespace), want(elsewhere)]);
    await Promise.all([
      until(stage.namespace, 'Ready', 'Reconciled'),
      until(elsewhere, 'Ready', 'Reconciled'),
    ]);
    for (const namespace of [stage.namespace, elsewhere]) {
      const live = (await stage.api.get(binding(`${namespace}.p1-nodes`))) as Manifest & {
        roleRef: { name: string };
      };
      assert.equal(live.roleRef.name, `${namespace}.p1-nodes`, 'it refers to the role by its name');
    }
  });

  it('never share one that they both give a name of its own, nor is that of one deleted with the other', async () => {
    const shared = `shared-${stage.namespace}`;
    await want(stage.namespace, shared);
    await until(stage.namespace, 'Ready', 'Reconciled');
    const { uid } = (await stage.api.get(binding(shared)))?.metadata ?? {};
    await want(elsewhere, shared);
    assert.match(
      await until(elsewhere, 'Stalled', 'OwnershipConflict'),
      new RegExp(
        `^ClusterRoleBinding ${shared}: belongs to Toy ${stage.namespace}/p1, and Toy ${elsewhere}/p1 asks for the same name`,
      ),
    );
    const other = (await stage.api.get(toy(elsewhere)))?.metadata.uid ?? '';
    await stage.api.remove(toy(elsewhere), { uid: other });
    await eventually('the refused one is gone', async () => !(await stage.api.get(toy(elsewhere))));
    assert.equal((await stage.api.get(binding(shared)))?.metadata.uid, uid);
    assert.equal(await stage.api.get(binding(`${elsewhere}.p1-nodes`)), undefined, 'its own is deleted');

    await want(elsewhere, shared);
    await until(elsewhere, 'Stalled', 'OwnershipConflict');
    const path = `/metadata/annotations/${ANNOTATIONS.owner.replaceAll('/', '~1')}`;
    const value = `Toy.toy.dev/${elsewhere}/p1`;
    const labels = `/metadata/labels/${LABELS.resource.replaceAll('/', '~1')}`;
    const uidOfOther = (await stage.api.get(toy(elsewhere)))?.metadata.uid;
    await stage.api.patch(binding(shared), [
      { op: 'replace', path, value },
      { op: 'replace', path: labels, value: uidOfOther },
    ]);
    await until(elsewhere, 'Ready', 'Reconciled');
    assert.match(
      await until(stage.namespace, 'Stalled', 'OwnershipConflict'),
      new RegExp(`belongs to Toy ${elsewhere}/p1`),
    );
    const mine = (await stage.api.get(toy(stage.namespace)))?.metadata.uid ?? '';
    await stage.api.remove(toy(stage.namespace), { uid: mine });
    await eventually('it is gone', async () => !(await stage.api.get(toy(stage.namespace))));
    assert.equal((await stage.api.get(binding(shared)))?.metadata.uid, uid);
  });
});
