import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DesiredObject, Named } from '../../../index.ts';
import { customResource, defineOperator, deployment, object, plan } from '../../../index.ts';
import type { Manifest } from '../../../core/manifest.ts';

const RBAC = 'rbac.authorization.k8s.io/v1';

function planned(
  desired: (named: Named) => readonly DesiredObject[],
  { name = 'p1', namespace }: { readonly name?: string; readonly namespace?: string } = { namespace: 'n1' },
): ReadonlyMap<string, Manifest & Record<string, unknown>> {
  const metadata = { name, ...(namespace ? { namespace } : {}), uid: 'u', generation: 1 };
  const operator = defineOperator(customResource<object>('a.dev/v1', 'App'), {
    desired: (_, named) => desired(named),
  });
  const resource = { apiVersion: 'a.dev/v1', kind: 'App', metadata, spec: {} };
  return new Map(plan(operator, resource).objects.map(({ key, manifest }) => [key, manifest]));
}

function pod(spec: object): Parameters<typeof deployment>[1] {
  return { template: { spec: { containers: [{ name: 'main', image: 'example.org/a:1' }], ...spec } } };
}

function account(name: string): DesiredObject {
  return object({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } });
}

function role(name: string): DesiredObject {
  return object({ apiVersion: RBAC, kind: 'ClusterRole', metadata: { name }, rules: [] });
}

function binding(name: string, subject: string): DesiredObject {
  return object({
    apiVersion: RBAC,
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ kind: 'ServiceAccount', name: subject, namespace: 'n1' }],
  });
}

describe('the name of a cluster-scoped object', () => {
  it('begins with the namespace of the resource, also where other objects refer to it', () => {
    const objects = planned((named) => [
      account(named('nodes')),
      role(named('nodes')),
      binding(named('nodes'), named('nodes')),
    ]);
    assert.deepEqual(Array.from(objects.keys()).sort(), [
      'ClusterRole.rbac.authorization.k8s.io/n1.p1-nodes',
      'ClusterRoleBinding.rbac.authorization.k8s.io/n1.p1-nodes',
      'ServiceAccount/p1-nodes',
    ]);
    const bound = objects.get('ClusterRoleBinding.rbac.authorization.k8s.io/n1.p1-nodes');
    assert.equal(bound?.metadata.name, 'n1.p1-nodes');
    assert.deepEqual(
      { roleRef: bound?.['roleRef'], subjects: bound?.['subjects'] },
      {
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'n1.p1-nodes' },
        subjects: [{ kind: 'ServiceAccount', name: 'p1-nodes', namespace: 'n1' }],
      },
      'a reference to an object of another kind stays',
    );
  });

  it('is what a field named after its kind says, and a text that can mean nothing else', () => {
    const priority = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', value: 1 };
    const objects = planned((named) => [
      object({ ...priority, metadata: { name: named('high') } }),
      deployment(named('high'), pod({ priorityClassName: named('high'), hostname: named('high') })),
      object({ ...priority, metadata: { name: named('low') } }),
      deployment(named('web'), pod({ priorityClassName: 'other', hostname: named('low') })),
    ]);
    const specOf = (key: string): object => Object(objects.get(key)?.['spec']).template.spec;
    assert.partialDeepStrictEqual(specOf('Deployment.apps/p1-high'), {
      priorityClassName: 'n1.p1-high',
      hostname: 'p1-high',
    });
    assert.partialDeepStrictEqual(specOf('Deployment.apps/p1-web'), {
      priorityClassName: 'other',
      hostname: 'n1.p1-low',
    });
  });

  it('stays as it is when the author gave it one of its own, or the resource has no namespace', () => {
    const keys = Array.from(planned(() => [role('reader')]).keys());
    assert.deepEqual(keys, ['ClusterRole.rbac.authorization.k8s.io/reader']);
    const whole = Array.from(planned((named) => [role(named('reader'))], {}).keys());
    assert.deepEqual(whole, ['ClusterRole.rbac.authorization.k8s.io/p1-reader']);
  });

  it('of a Namespace has no dot, and no more than 63 characters', () => {
    const long = { name: 'p'.repeat(50), namespace: 'n'.repeat(40) };
    const names = [{ namespace: 'n1' }, long].map((resource) => {
      const [key = ''] = planned(
        (named) => [object({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: named('x') } })],
        resource,
      ).keys();
      return key.replace('Namespace/', '');
    });
    assert.equal(names[0], 'n1-p1-x');
    assert.match(names[1] ?? '', /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
  });

  it('of a Namespace is that of the objects which the resource puts there', () => {
    const objects = planned((named) => {
      const there = { name: named('config'), namespace: named('x') };
      return [
        object({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: named('x') } }),
        object({ apiVersion: 'v1', kind: 'ConfigMap', metadata: there, data: {} }),
      ];
    });
    assert.deepEqual(Array.from(objects.keys()), ['Namespace/n1-p1-x', 'ConfigMap/n1-p1-x/p1-config']);
    assert.equal(objects.get('ConfigMap/n1-p1-x/p1-config')?.metadata.namespace, 'n1-p1-x');
  });

  it('of a Namespace that is called as the home of the resource moves nothing out of that home', () => {
    const objects = planned(
      (named) => [
        object({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: named('b') } }),
        account(named('nodes')),
        role(named('b')),
        object({
          apiVersion: RBAC,
          kind: 'ClusterRoleBinding',
          metadata: { name: named('c') },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: named('b') },
          subjects: [{ kind: 'ServiceAccount', name: named('nodes'), namespace: 'a-b' }],
        }),
      ],
      { name: 'a', namespace: 'a-b' },
    );
    assert.equal(objects.get('ServiceAccount/a-nodes')?.metadata.namespace, 'a-b');
    const bound = objects.get('ClusterRoleBinding.rbac.authorization.k8s.io/a-b.a-c');
    assert.deepEqual(bound?.['roleRef'], {
      apiGroup: 'rbac.authorization.k8s.io',
      kind: 'ClusterRole',
      name: 'a-b.a-b',
    });
    assert.deepEqual(bound?.['subjects'], [{ kind: 'ServiceAccount', name: 'a-nodes', namespace: 'a-b' }]);
    assert.ok(objects.has('Namespace/a-b-a-b'));
  });
});
