import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MockActivityEnvironment } from '@temporalio/testing';
import { readPlanned } from '../../../activities/read-resource.ts';
import { createRenderer } from '../../../activities/renderer.ts';
import { runRoutine } from '../../../activities/run-routine.ts';
import type { Dependencies } from '../../../activities/dependencies.ts';
import { customResource } from '../../../api/resource.ts';
import { Resources } from '../../../bridge/resources.ts';
import { askedFingerprint } from '../../../core/asked.ts';
import type { Manifest } from '../../../core/manifest.ts';
import { configMap, defineOperator } from '../../../index.ts';
import { BUILT_IN_SCOPES, NO_KEY } from '../../support/fake-object.ts';

const Toy = customResource('toy.dev/v1', 'Toy');
const KUBECTL_NOTE = { 'kubectl.kubernetes.io/last-applied-configuration': '{}' };

/** The same generation each time: annotations change without one. */
function toy(tier: string, resourceVersion: string): Manifest {
  return {
    apiVersion: 'toy.dev/v1',
    kind: 'Toy',
    metadata: {
      name: 't',
      namespace: 'n',
      uid: 'u',
      generation: 1,
      resourceVersion,
      annotations: { tier, ...KUBECTL_NOTE },
    },
    spec: {},
    status: { phase: tier },
  };
}

const operator = defineOperator(Toy, {
  desired: (resource, named) => [configMap(named('seen'), { data: { resource: JSON.stringify(resource) } })],
  routine: {
    every: () => '1 minute',
    run: ({ resource }) => ({ state: resource.metadata.annotations?.['tier'] }),
  },
});

/** A worker whose cache has one state of the resource while the API server has another. */
function worker(cached: Manifest, live: Manifest): { dependencies: Dependencies; requests: () => number } {
  const resources = new Resources(Toy);
  resources.put(resources.of(cached));
  let requests = 0;
  const dependencies = {
    operator,
    resources,
    renderer: createRenderer(operator, NO_KEY, BUILT_IN_SCOPES),
    api: { get: () => Promise.resolve((requests++, live)) },
    events: { record: () => undefined },
    log: { info: () => undefined, warn: () => undefined },
  } as unknown as Dependencies;
  return { dependencies, requests: () => requests };
}

function planOf(manifest: Manifest): Parameters<typeof readPlanned>[1] {
  const { ref } = new Resources(Toy).of(manifest);
  return { resource: ref, uid: 'u', generation: 1, asked: askedFingerprint(manifest.metadata) };
}

function run<Result>(work: () => Promise<Result>): Promise<Result> {
  return new MockActivityEnvironment().run(work);
}

describe('what an activity reads of a resource that was planned', () => {
  const [older, newer] = [toy('bronze', '10'), toy('gold', '11')];

  it('comes from the API server where the cache has other annotations at the same generation', async () => {
    const { dependencies, requests } = worker(older, newer);
    const { manifest } = await run(() => readPlanned(dependencies, planOf(newer)));
    assert.deepEqual([manifest.metadata.annotations?.['tier'], requests()], ['gold', 1]);
    const outcome = await run(() => runRoutine(dependencies, planOf(newer)));
    assert.deepEqual([outcome, requests()], [{ state: 'gold' }, 2]);
  });

  it('comes from the cache where that has what was planned', async () => {
    const { dependencies, requests } = worker(newer, older);
    const { manifest } = await run(() => readPlanned(dependencies, planOf(newer)));
    const outcome = await run(() => runRoutine(dependencies, planOf(newer)));
    assert.deepEqual(
      [manifest.metadata.annotations?.['tier'], outcome, requests()],
      ['gold', { state: 'gold' }, 0],
    );
  });

  it('shows `desired` neither the status nor the notes of kubectl, which nothing is planned again for', async () => {
    const { dependencies } = worker(newer, newer);
    const { rendered } = await run(() => readPlanned(dependencies, planOf(newer)));
    const [seen] = Array.from(
      rendered.objects.values(),
      ({ manifest }) => manifest['data'] as { resource: string },
    );
    const { metadata, ...rest } = JSON.parse(seen?.resource ?? '{}') as Manifest;
    assert.deepEqual(rest, { apiVersion: 'toy.dev/v1', kind: 'Toy', spec: {} });
    assert.deepEqual(metadata.annotations, { tier: 'gold' });
  });
});
