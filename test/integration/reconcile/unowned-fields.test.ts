/** What a change leads to is what a fresh apply makes, whatever defaults and mirrors the API server had filled in before. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Dependencies } from '../../../activities/dependencies.ts';
import { fencedApi } from '../../../activities/fenced-api.ts';
import { read } from '../../../core/health/read.ts';
import type { Manifest } from '../../../core/manifest.ts';
import { groupOf, objectKey } from '../../../core/refs.ts';
import type { JsonPatchOperation } from '../../../kubernetes/api.ts';
import type { KubernetesClient } from '../../../kubernetes/client.ts';
import { createKubernetesApi } from '../../../kubernetes/client.ts';
import { loadKubeConfig } from '../../../kubernetes/kube-config.ts';
import type { Spec } from '../../support/unowned-cases.ts';
import { container, http, manifestOf, pod, UNOWNED_CASES } from '../../support/unowned-cases.ts';
import { freshNamespace, sharedSandbox } from '../../support/sandbox.ts';
import type { ToyNode } from '../../support/toy-operator.ts';
import { TWO_ROLES } from '../../support/toy-operator.ts';
import { ToyStage } from '../../support/toy-stage.ts';

const MANAGER = 'ours';

describe('fields that the API server filled in', () => {
  let api: KubernetesClient;
  let namespace: string;
  const claims: string[] = [];
  before(async () => {
    const sandbox = await sharedSandbox();
    api = createKubernetesApi({ kubeConfig: loadKubeConfig({ kubeconfig: sandbox.kubeconfig }) });
    namespace = await freshNamespace(sandbox, 'unowned');
  });
  after(() => api.close());

  const place = (name: string): Manifest['metadata'] => ({ name, namespace });

  /** As the program applies an object that it knows by its uid. */
  async function applied(manifest: Manifest, uid?: string): Promise<Manifest> {
    const { apiVersion, kind, metadata } = manifest;
    const key = objectKey({ group: groupOf(apiVersion), kind, namespace, name: metadata.name }, namespace);
    const counting: KubernetesClient = Object.assign(Object.create(api), {
      patch: (ref: Parameters<KubernetesClient['patch']>[0], operations: readonly JsonPatchOperation[]) => {
        claims.push(metadata.name);
        return api.patch(ref, operations);
      },
      get: api.get.bind(api),
      apply: api.apply.bind(api),
      servedKind: api.servedKind.bind(api),
    });
    const dependencies = { api: counting, operator: { name: MANAGER } } as unknown as Dependencies;
    const resource = { group: 'toy.dev', version: 'v1', kind: 'Toy', plural: 'toys', namespace, name: 't1' };
    const plan = { resource, uid: 'u', generation: 1 };
    const fenced = fencedApi(dependencies, plan, { key, ...(uid ? { uid } : {}) }, () => {});
    return (await fenced.apply(manifest, { fieldManager: MANAGER })).object;
  }

  /** All that does not differ from one object to the next. */
  function contentOf({ spec }: Manifest): unknown {
    const given = new Set(['clusterIP', 'clusterIPs', 'nodePort', 'healthCheckNodePort']);
    const text = JSON.stringify(spec, (key, value: unknown) =>
      given.has(key) && value !== 'None' && value !== '' ? undefined : value,
    );
    // The server selects the pods of a Job by the uid of the Job.
    return JSON.parse(
      text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'UID').replaceAll(/(job-name":)"[^"]*"/g, '$1"NAME"'),
    );
  }

  async function changes(kind: string, from: Spec, to: Spec, name: string): Promise<void> {
    const { metadata } = await applied(manifestOf(kind, place(name), from));
    const wanted = manifestOf(kind, place(name), to);
    const changed = await applied(wanted, metadata.uid);
    const fresh = await applied(manifestOf(kind, place(`${name}-fresh`), to));
    assert.deepEqual(contentOf(changed), contentOf(fresh));
    const again = await applied(wanted, metadata.uid);
    assert.equal(again.metadata.generation, changed.metadata.generation, 'the same apply changes nothing');
  }

  describe('go with what they came from', () => {
    for (const [index, [what, [kind, one, other]]] of Object.entries(UNOWNED_CASES).entries()) {
      it(`${what} (${kind})`, async () => {
        await changes(kind, one, other, `a${index}`);
        await changes(kind, other, one, `b${index}`);
      });
    }
  });

  it('are left alone, with no write, where a change leads to the same ones', async () => {
    const { metadata } = await applied(
      manifestOf('Deployment', place('upgraded'), { ...container({ livenessProbe: http }) }),
    );
    await applied(
      manifestOf('Deployment', place('upgraded'), container({ image: 'a:2', livenessProbe: http })),
      metadata.uid,
    );
    assert.deepEqual(
      claims.filter((name) => name === 'upgraded'),
      [],
    );
  });

  it('stay where another manager owns them', async () => {
    const { metadata } = await applied(
      manifestOf('Deployment', place('shared'), pod({ serviceAccountName: 'a' })),
    );
    const spec = { revisionHistoryLimit: 3, template: { spec: { schedulerName: 'theirs' } } };
    const theirs = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'shared', namespace },
      spec,
    };
    await api.apply(theirs, { fieldManager: 'theirs' });
    const { spec: live } = (await applied(
      manifestOf('Deployment', place('shared'), { minReadySeconds: 1 }),
      metadata.uid,
    )) as Manifest & {
      spec: { revisionHistoryLimit: number; template: { spec: { schedulerName: string } } };
    };
    assert.equal(live.revisionHistoryLimit, 3);
    assert.equal(live.template.spec.schedulerName, 'theirs');
  });
});

describe('a workload that gets another strategy', () => {
  it('is changed in place, in both directions, and restarts no pod', async () => {
    await using stage = await ToyStage.open();
    const [controller, broker] = TWO_ROLES.nodes;
    const update = async (updateStrategy?: object): Promise<unknown> => {
      const more = { updateStrategy } as NonNullable<ToyNode['more']>;
      await stage.want({ ...TWO_ROLES, nodes: [controller, { ...broker, more }] as ToyNode[] });
      await stage.ready();
      const live = await stage.api.get(stage.ref('StatefulSet', 't1-b', 'apps'));
      return read(live, 'spec', 'updateStrategy');
    };
    const asCreated = await update();
    const pod = async (): Promise<unknown> => (await stage.api.get(stage.ref('Pod', 't1-b-0')))?.metadata.uid;
    const before = await pod();
    assert.deepEqual(await update({ type: 'OnDelete' }), { type: 'OnDelete' });
    assert.deepEqual(await update(), asCreated);
    assert.equal(await pod(), before);
  });
});
