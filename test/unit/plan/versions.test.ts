import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digest } from '../../../activities/digest.ts';
import { render } from '../../../core/plan/digests.ts';
import type { DesiredObject } from '../../../index.ts';
import {
  configMap,
  cronJob,
  customResource,
  defineOperator,
  deployment,
  ingress,
  object,
  plan,
  role,
  secret,
} from '../../../index.ts';
import { unversioned, versionIn } from '../../support/versions.ts';

const RESOURCE = {
  apiVersion: 'a.dev/v1',
  kind: 'App',
  metadata: { name: 'x', namespace: 'ns', uid: 'u', generation: 1 },
  spec: {},
};
const CONTAINER = { name: 'main', image: 'example.org/a:1' };

function planned(...objects: readonly DesiredObject[]): ReturnType<typeof plan>['objects'] {
  const operator = defineOperator(customResource<object>('a.dev/v1', 'App'), { desired: () => objects });
  return plan(operator, RESOURCE).objects;
}

function keysOf(...objects: readonly DesiredObject[]): readonly string[] {
  return planned(...objects).map(({ key }) => key);
}

function mounting(name: string, options: Parameters<typeof deployment>[2] = {}): DesiredObject {
  const volumes = [{ name: 'config', configMap: { name } }];
  return deployment('d', { template: { spec: { containers: [CONTAINER], volumes } } }, options);
}

function mountingSecret(secretName: string): DesiredObject {
  const volumes = [{ name: 'secret', secret: { secretName } }];
  return deployment('d', { template: { spec: { containers: [CONTAINER], volumes } } });
}

describe('a ConfigMap or Secret that a pod template names', () => {
  it('is immutable, named after its content, and found by the name it was desired under', () => {
    const objects = planned(configMap('c', { data: { a: '1' } }), mounting('c'));
    const found = objects.find(({ key }) => key === versionIn(keys(objects), 'ConfigMap/c'));
    assert.equal(found?.manifest['immutable'], true);
    assert.equal(found?.manifest.metadata.labels?.['durable-operator.dev/version-of'], 'c');
    assert.equal(`ConfigMap/${found?.manifest.metadata.name}`, found?.key);
  });

  it('keeps its name when only the order of its fields, its labels or its annotations change', () => {
    const names = [
      configMap('c', { data: { a: '1', b: '2' } }),
      configMap('c', { data: { b: '2', a: '1' } }),
      configMap('c', { data: { a: '1', b: '2' } }, { labels: { l: '1' }, annotations: { n: '1' } }),
    ].map((config) => versionIn(keysOf(config, mounting('c')), 'ConfigMap/c'));
    assert.equal(new Set(names).size, 1);
  });

  it('has another name when its content is another', () => {
    const bodies = [
      { data: { a: '1' } },
      { data: { a: '2' } },
      { data: { b: '1' } },
      { binaryData: { a: '1' } },
    ];
    const names = bodies.map((body) => versionIn(keysOf(configMap('c', body), mounting('c')), 'ConfigMap/c'));
    assert.equal(new Set(names).size, bodies.length);
  });

  it('has a name that Kubernetes takes, and that is its own, however long the one it was desired under', () => {
    const long = `${'n'.repeat(240)}.`;
    const names = [`${long}${'a'.repeat(12)}`, `${long}${'b'.repeat(12)}`].map((name) => {
      const objects = planned(configMap(name, { data: {} }), mounting(name));
      return objects.find(({ key }) => key.startsWith('ConfigMap/'))?.manifest.metadata.name ?? '';
    });
    for (const name of names) {
      assert.ok(name.length <= 253);
      assert.match(name, /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
    }
    assert.notEqual(names[0], names[1]);
  });

  it('is named by its version wherever a pod can read it', () => {
    const config = configMap('c', { data: { k: 'v' } });
    const password = secret('s', { data: { k: 'dg==' } });
    const reading = {
      ...CONTAINER,
      env: [
        { name: 'A', value: 'c' },
        { name: 'B', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } },
        { name: 'C', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
      ],
      envFrom: [{ configMapRef: { name: 'c' } }, { secretRef: { name: 's', optional: true } }],
    };
    const volumes = [
      { name: 'c', configMap: { name: 'c', items: [{ key: 'k', path: 'c' }] } },
      { name: 's', secret: { secretName: 's' } },
      { name: 'p', projected: { sources: [{ configMap: { name: 'c' } }, { secret: { name: 's' } }] } },
    ];
    const spec = { containers: [reading], initContainers: [{ ...reading, name: 'first' }], volumes };
    const objects = planned(config, password, deployment('d', { template: { spec } }));
    const text = JSON.stringify(objects.find(({ key }) => key === 'Deployment.apps/d')?.manifest['spec']);
    const [c, s] = ['ConfigMap/c', 'Secret/s'].map((key) => versionIn(keys(objects), key).split('/')[1]);
    const renamed = JSON.parse(
      text
        .replaceAll(`"name":"${c}"`, '"name":"c"')
        .replaceAll(`Name":"${s}"`, 'Name":"s"')
        .replaceAll(`"name":"${s}"`, '"name":"s"'),
    );
    assert.deepEqual(renamed.template.spec, JSON.parse(JSON.stringify(spec)));
    assert.equal(text.split(`"${c}"`).length - 1, 6);
    assert.equal(text.split(`"${s}"`).length - 1, 6);
  });

  it('is named by its version in the template of a CronJob', () => {
    const volumes = [{ name: 'config', configMap: { name: 'c' } }];
    const jobTemplate = { spec: { template: { spec: { containers: [CONTAINER], volumes } } } };
    const objects = planned(
      configMap('c', { data: {} }),
      cronJob('j', { schedule: '0 0 * * *', jobTemplate }),
    );
    assert.ok(
      JSON.stringify(objects).includes(
        `"configMap":{"name":"${versionIn(keys(objects), 'ConfigMap/c').slice(10)}"}`,
      ),
    );
  });

  it('is used by the workload that names it, whether or not it says so', () => {
    const objects = planned(configMap('c', { data: {} }), mounting('c'));
    const uses = objects.find(({ key }) => key === 'Deployment.apps/d')?.uses;
    assert.deepEqual(uses, [versionIn(keys(objects), 'ConfigMap/c')]);
  });

  it('of another namespace is another', () => {
    const elsewhere = configMap('c', { data: {} }, { namespace: 'other' });
    assert.deepEqual(keysOf(elsewhere, mounting('c')), ['ConfigMap/other/c', 'Deployment.apps/d']);
  });
});

describe('a ConfigMap or Secret keeps its plain name', () => {
  it('when the author says so', () => {
    const config = configMap('c', { data: {} }, { versioned: false });
    const objects = planned(config, mounting('c'));
    assert.deepEqual(keys(objects), ['ConfigMap/c', 'Deployment.apps/d']);
    assert.equal(objects[0]?.manifest['immutable'], undefined);
  });

  it('when no pod template names it', () => {
    const config = configMap('c', { data: {} });
    assert.deepEqual(keysOf(config, mounting('other', { uses: [config] })), [
      'ConfigMap/c',
      'Deployment.apps/d',
    ]);
  });

  it('when something else in the plan names it, too: that would lead nowhere', () => {
    const password = secret('s', { data: {} });
    const others = [
      ingress('i', { tls: [{ secretName: 's' }] }),
      role('r', {
        rules: [{ apiGroups: [''], resources: ['secrets'], resourceNames: ['s'], verbs: ['get'] }],
      }),
      object({
        apiVersion: 'a.dev/v1',
        kind: 'Scrape',
        metadata: { name: 'm' },
        spec: { tokenSecret: { name: 's', key: 't' } },
      }),
      deployment('p', { template: { spec: { containers: [CONTAINER], imagePullSecrets: [{ name: 's' }] } } }),
    ];
    for (const other of others)
      assert.ok(keysOf(password, mountingSecret('s'), other).includes('Secret/s'), `${other.kind} names it`);
  });

  it('and not when a key or a path in it is called like it', () => {
    const items = [{ key: 's', path: 's' }];
    const template = {
      spec: { containers: [CONTAINER], volumes: [{ name: 's', secret: { secretName: 's', items } }] },
    };
    const keysThere = keysOf(secret('s', { data: { s: '' } }), deployment('d', { template }));
    assert.ok(versionIn(keysThere, 'Secret/s'));
  });

  it('and restarts the pods that use it when it changes', () => {
    const templates = ['1', '2'].map((value) => {
      const config = configMap('c', { data: { value } }, { versioned: false });
      const operator = defineOperator(customResource<object>('a.dev/v1', 'App'), {
        desired: () => [mounting('c'), config],
      });
      return render(plan(operator, RESOURCE), digest).objects.get('Deployment.apps/d')?.ref.template;
    });
    assert.notEqual(templates[0], templates[1]);
  });
});

it('a versioned object restarts the pods that use it without naming it', () => {
  const templates = ['1', '2'].map((value) => {
    const config = configMap('c', { data: { value } });
    const user = deployment('u', { template: { spec: { containers: [CONTAINER] } } }, { uses: [config] });
    const operator = defineOperator(customResource<object>('a.dev/v1', 'App'), {
      desired: () => [mounting('c'), user],
    });
    return render(plan(operator, RESOURCE), digest).objects.get('Deployment.apps/u')?.ref.template;
  });
  assert.notEqual(templates[0], templates[1]);
});

it('a version that says that it is mutable is refused, with what to say instead', () => {
  const config = configMap('c', { data: {}, immutable: false });
  assert.throws(
    () => planned(config, mounting('c')),
    /ConfigMap\/c: says immutable: false.*versioned: false/,
  );
  const plain = configMap('c', { data: {}, immutable: false }, { versioned: false });
  assert.deepEqual(keysOf(plain, mounting('c')), ['ConfigMap/c', 'Deployment.apps/d']);
});

function keys(objects: ReturnType<typeof plan>['objects']): readonly string[] {
  assert.equal(new Set(unversioned(objects.map(({ key }) => key))).size, objects.length);
  return objects.map(({ key }) => key);
}
