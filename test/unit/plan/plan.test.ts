import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DesiredObject, Operator } from '../../../index.ts';
import {
  configMap,
  customResource,
  defineOperator,
  deployment,
  horizontalPodAutoscaler,
  inOrder,
  networkPolicy,
  object,
  persistentVolumeClaim,
  plan,
  podDisruptionBudget,
  service,
  statefulSet,
} from '../../../index.ts';
import { toy, toyOperator, TWO_ROLES } from '../../support/toy-operator.ts';

const POD = { template: { spec: { containers: [{ name: 'main', image: 'example.org/a:1' }] } } };
const RESOURCE = {
  apiVersion: 'a.dev/v1',
  kind: 'App',
  metadata: { name: 'x', namespace: 'ns', uid: 'u', generation: 1 },
  spec: {},
};

function operatorOf(...objects: readonly (DesiredObject | ReturnType<typeof inOrder>)[]): Operator<object> {
  return defineOperator(customResource<object>('a.dev/v1', 'App'), { desired: () => objects });
}

function manifestOf(key: string, ...objects: readonly DesiredObject[]): Record<string, unknown> {
  const found = plan(operatorOf(...objects), RESOURCE).objects.find((each) => each.key === key);
  assert.ok(found, `no ${key} in the plan`);
  return found.manifest;
}

describe('plan', () => {
  it('makes one stage per role, in the order given', () => {
    const { stages } = plan(toyOperator(), toy(TWO_ROLES));
    assert.deepEqual(
      stages.map(({ role, workloads }) => [role, ...workloads]),
      [
        ['controller', 'StatefulSet.apps/t1-c'],
        ['broker', 'StatefulSet.apps/t1-b'],
      ],
    );
  });

  it('puts roles that the order does not name last, and says so (the seed dropped them)', () => {
    const { stages, warnings } = plan(toyOperator(), toy({ ...TWO_ROLES, order: ['broker'] }));
    assert.deepEqual(
      stages.map(({ role }) => role),
      ['broker', 'controller'],
    );
    assert.deepEqual(warnings, ['role "controller" is not in the order and comes last']);
  });

  it('puts roles that the order does not name where it says "*"', () => {
    const { stages, warnings, orderTrouble } = plan(
      toyOperator(),
      toy({ ...TWO_ROLES, order: ['*', 'controller'] }),
    );
    assert.deepEqual(
      stages.map(({ role }) => role),
      ['broker', 'controller'],
    );
    assert.deepEqual([warnings, orderTrouble], [[], undefined]);
  });

  it('takes roles on both sides that have no counterpart for a mistake, and neither side alone', () => {
    const troubleOf = (...order: readonly string[]): string | undefined =>
      plan(toyOperator(), toy({ ...TWO_ROLES, order })).orderTrouble;
    assert.match(
      troubleOf('contorller', 'broker') ?? '',
      /lists "contorller", .*, and not "controller": correct/,
    );
    assert.equal(troubleOf('broker'), undefined);
    assert.equal(troubleOf('controller', 'minion', 'broker'), undefined);
    assert.equal(troubleOf('minion', '*'), undefined);
  });

  it('takes an order of any length, with roles that no workload has (the seed read four entries, and crashed)', () => {
    assert.deepEqual(plan(toyOperator(), toy({ order: [], nodes: [] })).objects, []);
    const { stages, warnings } = plan(
      toyOperator(),
      toy({ ...TWO_ROLES, order: ['minion', 'controller', 'broker'] }),
    );
    assert.deepEqual(
      stages.map(({ role }) => role),
      ['controller', 'broker'],
    );
    assert.deepEqual(warnings, ['role "minion" is in the order and no workload has it']);
  });

  it('changes several workloads of one role one after the other, unless told otherwise', () => {
    const workloads = ['a', 'b'].map((name) => statefulSet(name, POD, { role: 'server' }));
    assert.equal(plan(operatorOf(inOrder(['server'], workloads)), RESOURCE).stages.length, 2);
    assert.equal(
      plan(operatorOf(inOrder(['server'], workloads, { parallel: true })), RESOURCE).stages.length,
      1,
    );
  });

  it('plans what is used, whether or not it is returned', () => {
    const config = configMap('c', { data: { a: '1' } });
    const keys = plan(operatorOf(deployment('d', POD, { uses: [config] })), RESOURCE).objects.map(
      ({ key }) => key,
    );
    assert.deepEqual(keys.sort(), ['ConfigMap/c', 'Deployment.apps/d']);
  });

  it('keeps a Service and a Deployment of one name apart (the seed keyed its store by name only)', () => {
    const peers = service('d', { ports: [{ port: 1 }] });
    const keys = plan(operatorOf(deployment('d', POD, { uses: [peers] })), RESOURCE).objects.map(
      ({ key }) => key,
    );
    assert.deepEqual(keys.sort(), ['Deployment.apps/d', 'Service/d']);
  });

  it("gives each workload a selector of its own (the seed let two Deployments select each other's pods)", () => {
    const selectors = ['a', 'b'].map((name) => {
      const { spec } = manifestOf(`Deployment.apps/${name}`, deployment('a', POD), deployment('b', POD));
      return JSON.stringify((spec as { selector: unknown }).selector);
    });
    assert.notEqual(selectors[0], selectors[1]);
  });

  it('refuses two workloads of one name: their pods could not be told apart', () => {
    assert.throws(
      () => plan(operatorOf(deployment('a', POD), statefulSet('a', POD)), RESOURCE),
      /StatefulSet\.apps\/a: has the name of Deployment\.apps\/a/,
    );
  });

  it('refuses one object with two contents, and takes the same object twice', () => {
    const one = configMap('c', { data: { a: '1' } });
    assert.equal(plan(operatorOf(one, one), RESOURCE).objects.length, 1);
    assert.throws(
      () => plan(operatorOf(one, configMap('c', { data: { a: '2' } })), RESOURCE),
      /ConfigMap\/c: is desired twice/,
    );
  });

  it('lets a Service select the pods of the workload that uses it', () => {
    const peers = service('s', { ports: [{ port: 1 }] });
    const { spec } = manifestOf('Service/s', deployment('d', POD, { uses: [peers] }));
    assert.deepEqual((spec as { selector: unknown }).selector, {
      'app.kubernetes.io/instance': 'x',
      'durable-operator.dev/owner': 'App.a.dev_ns_x',
      'durable-operator.dev/workload': 'd',
    });
  });

  it('keeps a selector that the author gave', () => {
    const peers = service('s', { ports: [{ port: 1 }], selector: { mine: 'yes' } });
    const { spec } = manifestOf('Service/s', deployment('d', POD, { uses: [peers] }));
    assert.deepEqual((spec as { selector: unknown }).selector, { mine: 'yes' });
  });

  it('points a budget and a policy at their target', () => {
    const target = deployment('d', POD);
    const budget = manifestOf(
      'PodDisruptionBudget.policy/b',
      podDisruptionBudget('b', { maxUnavailable: 1 }, { target }),
    );
    const policy = manifestOf(
      'NetworkPolicy.networking.k8s.io/n',
      networkPolicy('n', { policyTypes: ['Ingress'] }, { target }),
    );
    const labels = {
      'app.kubernetes.io/instance': 'x',
      'durable-operator.dev/owner': 'App.a.dev_ns_x',
      'durable-operator.dev/workload': 'd',
    };
    assert.deepEqual((budget['spec'] as { selector: unknown }).selector, { matchLabels: labels });
    assert.deepEqual((policy['spec'] as { podSelector: unknown }).podSelector, { matchLabels: labels });
  });

  it('owns what must go with the resource, and not the claims that must outlive it', () => {
    const claim = persistentVolumeClaim('data', { accessModes: ['ReadWriteOnce'] });
    const kept = manifestOf('PersistentVolumeClaim/data', claim)['metadata'] as Record<string, object>;
    assert.equal(kept['ownerReferences'], undefined);
    assert.deepEqual(kept['annotations'], { 'durable-operator.dev/owner': 'App.a.dev/ns/x' });
    const owned = manifestOf('ConfigMap/c', configMap('c', {}))['metadata'] as {
      ownerReferences: { uid: string }[];
    };
    assert.equal(owned.ownerReferences[0]?.uid, 'u');
  });

  it('gives no owner to what lives elsewhere: the garbage collector would delete it', () => {
    const other = object({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'c', namespace: 'other' },
      data: {},
    });
    const { metadata } = manifestOf('ConfigMap/other/c', other) as { metadata: Record<string, unknown> };
    assert.equal(metadata['ownerReferences'], undefined);
    assert.equal(metadata['namespace'], 'other');
  });

  it('does not apply the replicas of what is autoscaled', () => {
    const { spec } = manifestOf(
      'Deployment.apps/d',
      deployment('d', { ...POD, replicas: 3 }, { autoscaled: true }),
    );
    assert.equal('replicas' in (spec as object), false);
  });

  it('does not apply the replicas of what an autoscaler of the same resource scales', () => {
    const web = deployment('web', { ...POD, replicas: 3 });
    const other = deployment('other', { ...POD, replicas: 3 });
    const hpa = horizontalPodAutoscaler('web', { maxReplicas: 9 }, { target: web });
    const scaled = object({
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'ScaledObject',
      metadata: { name: 'queue' },
      spec: { scaleTargetRef: { name: 'other' } },
    });
    const replicas = (key: string, ...objects: readonly DesiredObject[]): boolean =>
      'replicas' in (manifestOf(key, ...objects)['spec'] as object);
    assert.equal(replicas('Deployment.apps/web', web, other, hpa), false);
    assert.equal(replicas('Deployment.apps/other', web, other, hpa), true);
    assert.equal(replicas('Deployment.apps/other', other, scaled), false);
  });

  it('shortens a name that Kubernetes would refuse, and keeps it unique', () => {
    const long = 'n'.repeat(60);
    const names = ['a', 'b'].map((tail) => {
      const spec = { order: [], nodes: [{ name: `${long}${tail}`, role: 'r', config: '' }] };
      return plan(toyOperator(), toy(spec)).objects.find(({ key }) => key.startsWith('StatefulSet'))?.manifest
        .metadata.name;
    });
    assert.ok(names.every((name) => name !== undefined && name.length <= 52));
    assert.notEqual(names[0], names[1]);
  });
});

describe('the variables of a container', () => {
  it('are each there once: of several of one name the last counts, as in a running pod', () => {
    const env = [
      { name: 'A', value: '1' },
      { name: 'B', value: '2' },
      { name: 'A', value: '3' },
    ];
    const container = { name: 'main', image: 'example.org/a:1', env };
    const template = { spec: { containers: [container], initContainers: [container] } };
    const { spec } = manifestOf('Deployment.apps/a', deployment('a', { template })) as {
      spec: { template: { spec: { containers: { env: unknown }[]; initContainers: { env: unknown }[] } } };
    };
    const { containers, initContainers } = spec.template.spec;
    for (const each of [...containers, ...initContainers]) assert.deepEqual(each.env, env.slice(1));
  });
});
