import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  configMap,
  deployment,
  inOrder,
  object,
  persistentVolumeClaim,
  service,
  statefulSet,
} from 'durable-operator';
import type { OrderOptions } from 'durable-operator';

const template = { spec: { containers: [{ name: 'app', image: 'app:1' }] } };

describe('an object', () => {
  it('carries its body word for word', () => {
    const data = { 'app.conf': 'a=1\n' };

    assert.deepEqual(configMap('settings', { data }), {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: 'settings',
      body: { data },
      options: {},
    });
  });

  it('is frozen, so that what one reads of it stays true', () => {
    assert.equal(Object.isFrozen(service('peers', {})), true);
  });

  it('lives in the namespace of its options', () => {
    assert.equal(configMap('settings', {}, { namespace: 'elsewhere' }).namespace, 'elsewhere');
    assert.equal('namespace' in configMap('settings', {}), false);
  });

  it('refuses to be nameless, and says of which kind it is', () => {
    assert.throws(() => service('', {}), { name: 'TypeError', message: 'Service: its name is empty' });
  });
});

describe('object()', () => {
  it('takes any kind by its manifest, and joins the labels of manifest and options', () => {
    const made = object(
      {
        apiVersion: 'monitoring.coreos.com/v1',
        kind: 'ServiceMonitor',
        metadata: { name: 'app', namespace: 'metrics', labels: { a: '1', b: '1' } },
        spec: { endpoints: [] },
      },
      { labels: { b: '2' } },
    );

    assert.equal(made.namespace, 'metrics');
    assert.deepEqual(made.body, { spec: { endpoints: [] } });
    assert.deepEqual(made.options.labels, { a: '1', b: '2' });
  });
});

describe('statefulSet()', () => {
  it('writes a claim among its volumeClaimTemplates as Kubernetes writes it', () => {
    const data = persistentVolumeClaim(
      'data',
      { accessModes: ['ReadWriteOnce'] },
      { labels: { tier: 'hot' } },
    );
    const { body } = statefulSet('app', { template, volumeClaimTemplates: [data] });

    assert.deepEqual(body, {
      spec: {
        template,
        volumeClaimTemplates: [
          {
            apiVersion: 'v1',
            kind: 'PersistentVolumeClaim',
            metadata: { name: 'data', labels: { tier: 'hot' } },
            spec: { accessModes: ['ReadWriteOnce'] },
          },
        ],
      },
    });
  });

  it('has no volumeClaimTemplates when none are given', () => {
    assert.deepEqual(statefulSet('app', { template }).body, { spec: { template } });
  });
});

describe('gates and hooks', () => {
  for (const key of ['gate', 'before', 'after'] as const)
    it(`refuses a nameless ${key}: people read in Temporal and in kubectl which one waits`, () => {
      const nameless = { gate: () => 'closed', before: () => {}, after: () => {} };

      assert.throws(() => deployment('app', { template }, { [key]: nameless[key] }), {
        name: 'TypeError',
        message: `Deployment app: its ${key} must be a named function, so that people can read which one waits`,
      });
    });

  it('takes a named one', () => {
    const segmentsLoaded = (): string => 'loading';

    assert.equal(deployment('app', { template }, { gate: segmentsLoaded }).options.gate, segmentsLoaded);
  });
});

describe('inOrder', () => {
  it('drops what the author left out with a condition', () => {
    const app = deployment('app', { template }, { role: 'app' });

    assert.deepEqual(inOrder(['app'], [false, app, null, undefined]).workloads, [app]);
  });

  it('takes the workloads of a role one after the other unless told otherwise', () => {
    const workloads = ['a', 'b', 'c'].map((name) => deployment(name, { template }));
    const sizes = (options?: OrderOptions): readonly number[] =>
      inOrder([], workloads, options)
        .batches(workloads)
        .map((batch) => batch.length);
    assert.deepEqual(sizes(), [1, 1, 1]);
    assert.deepEqual(sizes({ parallel: true }), [3]);
    assert.deepEqual(sizes({ parallel: 2 }), [2, 1]);
    assert.deepEqual(sizes({ batchBy: ({ name }) => (name === 'b' ? 'east' : 'west') }), [2, 1]);
    assert.deepEqual(sizes({ batchBy: () => 'west', parallel: 2 }), [2, 1]);
    assert.throws(() => inOrder([], [], { parallel: 0 }), TypeError);
  });
});

describe('uses', () => {
  it('drops what the author left out with a condition', () => {
    const config = configMap('config', {});

    assert.deepEqual(
      deployment('app', { template }, { uses: [config, false, null, undefined] }).options.uses,
      [config],
    );
  });
});
