import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Desired, Operator } from '../../../index.ts';
import {
  configMap,
  customResource,
  defineOperator,
  deployment,
  job,
  plan,
  statefulSet,
} from '../../../index.ts';
import type { Read } from '../../../core/plan/reads.ts';

const POD = {
  initContainers: [{ name: 'init', envFrom: [{ secretRef: { name: 'init-env', optional: true } }] }],
  containers: [
    {
      name: 'main',
      envFrom: [{ configMapRef: { name: 'env' } }],
      env: [
        { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } },
        { name: 'MODE', valueFrom: { configMapKeyRef: { name: 'own', key: 'mode' } } },
        { name: 'PLAIN', value: 'x' },
      ],
    },
  ],
  volumes: [
    { name: 'tls', secret: { secretName: 'tls', items: [{ key: 'tls.crt', path: 'crt' }] } },
    { name: 'files', configMap: { name: 'files', optional: true } },
    { name: 'all', projected: { sources: [{ configMap: { name: 'one' } }, { secret: { name: 'two' } }] } },
    { name: 'scratch', emptyDir: {} },
  ],
  imagePullSecrets: [{ name: 'registry' }],
};

function readsOf(
  desired: Desired,
  rollout: Parameters<typeof defineOperator>[1]['rollout'] = {},
): readonly Read[] {
  const operator: Operator = defineOperator(customResource('reads.dev/v1', 'Reader'), {
    desired: () => desired,
    rollout,
  });
  const metadata = { name: 'r', namespace: 'default', uid: 'u', generation: 1 };
  const { objects } = plan(operator, { apiVersion: 'reads.dev/v1', kind: 'Reader', metadata, spec: {} });
  return objects.flatMap(({ reads }) => reads);
}

const own = configMap('own', { data: { mode: 'fast' } });

describe('what pods read of others', () => {
  it('is every ConfigMap and Secret that their template names and the plan does not make, with its field', () => {
    const reads = readsOf([deployment('d', { template: { spec: POD } }, { uses: [own] })]);
    const lines = reads.map(
      ({ key, field, items, optional }) => `${key} ${field} ${items.join()}${optional ? '?' : ''}`,
    );
    assert.deepEqual(lines, [
      'Secret/init-env initContainers[init].envFrom[0] ?',
      'ConfigMap/env containers[main].envFrom[0] ',
      'Secret/db containers[main].env[PASSWORD] password',
      'Secret/tls volumes[tls] tls.crt',
      'ConfigMap/files volumes[files] ?',
      'ConfigMap/one volumes[all] ',
      'Secret/two volumes[all] ',
    ]);
  });

  it('is looked for in the namespace of the workload', () => {
    const [read] = readsOf([deployment('d', { template: { spec: POD } }, { namespace: 'other' })]);
    assert.equal(read?.key, 'Secret/other/init-env');
  });

  it('is nothing where a workload, or its operator, does not want restarts; the nearer word counts', () => {
    const spec = { serviceName: 's', template: { spec: POD } };
    assert.deepEqual(readsOf([statefulSet('s', spec, { restartOnChange: false })]), []);
    assert.deepEqual(readsOf([statefulSet('s', spec)], { restartOnChange: false }), []);
    assert.notDeepEqual(
      readsOf([statefulSet('s', spec, { restartOnChange: true })], { restartOnChange: false }),
      [],
    );
  });

  it('is nothing for a Job: what ran is not run again', () => {
    assert.deepEqual(readsOf([job('j', { template: { spec: POD } })]), []);
  });
});
