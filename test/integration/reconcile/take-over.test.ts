import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { tookOver } from '../../../activities/take-over.ts';
import type { Manifest } from '../../../core/manifest.ts';
import type { KubernetesClient } from '../../../kubernetes/client.ts';
import { createKubernetesApi } from '../../../kubernetes/client.ts';
import { loadKubeConfig } from '../../../kubernetes/kube-config.ts';
import { freshNamespace, sharedSandbox } from '../../support/sandbox.ts';

const OURS = { fieldManager: 'ours' };

describe('an edit that keeps its own repair from being valid', () => {
  let api: KubernetesClient;
  let namespace: string;
  before(async () => {
    const sandbox = await sharedSandbox();
    api = createKubernetesApi({ kubeConfig: loadKubeConfig({ kubeconfig: sandbox.kubeconfig }) });
    namespace = await freshNamespace(sandbox, 'take-over');
  });
  after(() => api.close());

  const service = (name: string, port: object): Manifest => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels: { ours: 'yes' } },
    spec: { ports: [port] },
  });
  const ref = (name: string): { group: string; kind: string; namespace: string; name: string } => {
    return { group: '', kind: 'Service', namespace, name };
  };
  async function portsOf(name: string): Promise<unknown> {
    const live = (await api.get(ref(name))) as Manifest & { spec: { ports: { port: number }[] } };
    return live.spec.ports.map(({ port }) => port);
  }

  async function edited(wanted: Manifest): Promise<unknown> {
    const { name } = wanted.metadata;
    await api.apply(wanted, OURS);
    await api.patch(ref(name), [
      { op: 'add', path: '/metadata/labels/theirs', value: 'yes' },
      { op: 'replace', path: '/spec/ports/0/port', value: 1 },
    ]);
    return api.apply(wanted, OURS).then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  it('is put back: the key of an item of a list', async () => {
    for (const [name, port] of [
      ['unnamed', { port: 80 }],
      ['named', { port: 80, name: 'http' }],
    ] as const) {
      const wanted = service(name, port);
      const refusal = await edited(wanted);
      assert.equal(await tookOver(api, ref(name), OURS.fieldManager, refusal), true);
      const { object } = await api.apply(wanted, OURS);
      assert.deepEqual(await portsOf(name), [80]);
      assert.equal(object.metadata.labels?.['theirs'], 'yes');
    }
  });

  it("is nobody else's afterwards: what we want no more goes", async () => {
    const wanted = service('later', { port: 80 });
    assert.equal(await tookOver(api, ref('later'), OURS.fieldManager, await edited(wanted)), true);
    await api.apply(wanted, OURS);
    await api.apply(service('later', { port: 81 }), OURS);
    assert.deepEqual(await portsOf('later'), [81]);
  });

  it('is not taken for a mistake of ours', async () => {
    const refusal = await api.apply(service('wrong', { port: 0 }), OURS).then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.equal(await tookOver(api, ref('wrong'), OURS.fieldManager, refusal), false);
    await api.apply(service('wrong', { port: 80 }), OURS);
    assert.equal(await tookOver(api, ref('wrong'), OURS.fieldManager, refusal), false);
  });
});
