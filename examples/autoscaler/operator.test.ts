import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { InvalidResource, plan } from 'durable-operator';
import type { Resource } from 'durable-operator';
import { parse } from 'yaml';
import type { AutoscalerSpec, EntrySpec } from './autoscaler.ts';
import { decide } from './decide.ts';
import type { Sight } from './decide.ts';
import operator from './operator.ts';

const SPEC: EntrySpec = {
  minReplica: 2,
  maxReplica: 8,
  threshold: 100,
  coolDown: '5m',
  query: 'q',
  enable: true,
};
const NOW = Date.parse('2026-01-01T12:00:00Z');

function decided(sight: Partial<Sight>, spec: Partial<EntrySpec> = {}): string {
  const { decision, replicas, why } = decide(
    { ...SPEC, ...spec },
    { value: 100, replicas: 4, now: NOW, ...sight },
  );
  return `${decision} ${replicas}: ${why}`;
}

describe('a decision', () => {
  it('brings the value to the threshold', () => {
    assert.equal(decided({ value: 150 }), 'ScaledUp 6: from 4 to 6: 150 is above the threshold 100');
    assert.equal(decided({ value: 61 }), 'ScaledDown 3: from 4 to 3: 61 is below the threshold 100');
  });

  it('leaves alone what is near the threshold', () => {
    for (const value of [91, 100, 110])
      assert.equal(decided({ value }), `Kept 4: ${value} is near enough to the threshold 100`);
  });

  it('keeps to minReplica and maxReplica, and says so', () => {
    assert.equal(decided({ value: 900, replicas: 8 }), 'Kept 8: 900 asks for 72, and maxReplica is 8');
    assert.equal(decided({ value: 0, replicas: 2 }), 'Kept 2: 0 asks for 0, and minReplica is 2');
    assert.match(decided({ value: 900 }), /^ScaledUp 8/);
  });

  it('waits until it has cooled down, and then decides anew', () => {
    const coolDownUntil = '2026-01-01T12:00:10Z';
    assert.equal(
      decided({ value: 150, coolDownUntil }),
      'CoolingDown 4: 150 is above the threshold 100; it stays at 4 until 2026-01-01T12:00:10Z',
    );
    assert.match(decided({ value: 150, coolDownUntil, now: NOW + 10_000 }), /^ScaledUp 6/);
  });

  it('brings replicas within new bounds at once, cooled down or not', () => {
    const coolDownUntil = '2026-01-01T13:00:00Z';
    assert.match(decided({ replicas: 12, coolDownUntil }), /^ScaledDown 8: from 12 to 8: 12 is not within/);
    assert.match(decided({ replicas: 1, coolDownUntil }), /^ScaledUp 2/);
  });

  it('leaves alone what somebody has set to 0', () => {
    assert.match(decided({ replicas: 0, value: 900 }), /^Hibernated 0/);
  });
});

async function sample(
  edit: (spec: AutoscalerSpec) => Partial<AutoscalerSpec>,
): Promise<Resource<AutoscalerSpec>> {
  const manifest: Resource<AutoscalerSpec> = parse(
    await readFile(new URL('samples/autoscaler.yaml', import.meta.url), 'utf8'),
  );
  const { name } = manifest.metadata;
  return {
    ...manifest,
    metadata: { namespace: 'default', uid: '00000000-0000-0000-0000-000000000000', generation: 1, name },
    spec: { ...manifest.spec, ...edit(manifest.spec) },
  };
}

const enabled = ({ autoscaling }: AutoscalerSpec): Partial<AutoscalerSpec> => ({
  dryRun: false,
  autoscaling: autoscaling.map((entry) => ({ ...entry, spec: { ...entry.spec, enable: true } })),
});

describe('the autoscaler', () => {
  it('desires nothing that is off, or in a dry run', async () => {
    assert.deepEqual(plan(operator, await sample(() => ({}))).objects, []);
    assert.deepEqual(
      plan(operator, await sample((spec) => ({ ...enabled(spec), dryRun: true }))).objects,
      [],
    );
  });

  it('leaves what Kubernetes measures itself to an HPA of Kubernetes', async () => {
    const { objects } = plan(operator, await sample(enabled));
    const [hpa, ...others] = objects;
    assert.deepEqual(others, []);
    assert.equal(hpa?.key, 'HorizontalPodAutoscaler.autoscaling/pinot-pinot-minion');
    assert.deepEqual(hpa?.manifest['spec'], {
      minReplicas: 1,
      maxReplicas: 5,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'pinot-minion' },
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } },
        },
      ],
      behavior: { scaleDown: { stabilizationWindowSeconds: 120 } },
    });
  });

  it('runs only while something is on, or still to be given back', async () => {
    const everyOf = async (edit: Parameters<typeof sample>[0], last?: object): Promise<string | undefined> =>
      operator.routine?.every(await sample(edit), last);
    const off = ({ autoscaling }: AutoscalerSpec): Partial<AutoscalerSpec> => ({
      autoscaling: autoscaling.map((entry) => ({ ...entry, spec: { ...entry.spec, enable: false } })),
    });
    assert.equal(await everyOf(() => ({})), '30 seconds');
    assert.equal(await everyOf(off), undefined);
    assert.equal(await everyOf(off, { entries: [{ name: 'a', wanted: 3 }] }), '30 seconds');
  });

  it('refuses what cannot be followed, and names each field', async () => {
    const bad: EntrySpec = { minReplica: 0, maxReplica: -1, threshold: 0, coolDown: 'soon' };
    const resource = await sample(() => ({
      external: { spec: { url: 'prometheus' } },
      interval: 'often',
      autoscaling: [
        { name: 'a', spec: bad },
        { name: 'a', spec: { ...SPEC, resource: 'cpu' } },
      ],
    }));
    assert.throws(
      () => plan(operator, resource),
      (error: unknown) => {
        assert.ok(error instanceof InvalidResource);
        assert.deepEqual(
          error.causes.map(({ field, message }) => `${field} ${message}`),
          [
            'spec.external.spec.url is "prometheus"; write the address of a Prometheus, such as http://host:9090',
            'spec.interval is "often"; write a duration of at least "1 second"',
            'spec.autoscaling[0].spec.minReplica is 0; use 1 or more',
            'spec.autoscaling[0].spec.maxReplica is -1; use minReplica 0 or more',
            'spec.autoscaling[0].spec.threshold is 0; use more than 0',
            'spec.autoscaling[0].spec.coolDown is "soon"; write seconds, or a duration such as "5m"',
            'spec.autoscaling[0].spec needs either a query or a resource (cpu, memory)',
            'spec.autoscaling[1].name "a" has an entry already; keep one of the two',
            'spec.autoscaling[1].spec needs either a query or a resource (cpu, memory)',
          ],
        );
        return true;
      },
    );
  });
});
