import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Manifest } from '../../../core/manifest.ts';
import type { KubernetesClient } from '../../../kubernetes/client.ts';
import { createKubernetesApi } from '../../../kubernetes/client.ts';
import { loadKubeConfig } from '../../../kubernetes/kube-config.ts';
import type { KubeconfigUser } from '../../../kubernetes/kubeconfig-files.ts';
import type { StatusError } from '../../../kubernetes/status-error.ts';
import { freshNamespace, sharedSandbox } from '../../support/sandbox.ts';

const CONFIG_MAP = { group: '', kind: 'ConfigMap' };
const me = { fieldManager: 'me' };

describe('kubernetes client', () => {
  let api: KubernetesClient;
  let namespace: string;

  before(async () => {
    const sandbox = await sharedSandbox();
    api = createKubernetesApi({ kubeConfig: loadKubeConfig({ kubeconfig: sandbox.kubeconfig }) });
    namespace = await freshNamespace(sandbox, 'client');
  });
  after(() => api.close());

  const configMap = (name: string, data: Record<string, string> = { key: 'value' }): Manifest => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace },
    data,
  });
  const refused = (call: Promise<unknown>, expected: Partial<StatusError>): Promise<void> =>
    assert.rejects(call, { name: 'StatusError', ...expected });

  it('speaks in the name of another user, as the kubeconfig asks', async () => {
    const { kubeconfig } = await sharedSandbox();
    const config = loadKubeConfig({ kubeconfig });
    const user: KubeconfigUser | undefined = config.users.find(
      ({ name }) => name === config.getCurrentUser()?.name,
    );
    const extra = { 'Scopes/of%them': ['one', 'two'] };
    const impersonation = { user: 'jane', uid: 'u-1', groups: ['system:masters', 'b'], extra };
    config.users = config.users.map((each) => (each === user ? { ...each, impersonation } : each));
    const janes = createKubernetesApi({ kubeConfig: config });
    try {
      const review = {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'SelfSubjectReview',
        metadata: { name: '' },
      };
      const { status } = (await janes.create(review)) as Manifest & {
        readonly status: { readonly userInfo: Readonly<Record<string, unknown>> };
      };
      assert.deepEqual(status.userInfo, {
        username: 'jane',
        uid: 'u-1',
        groups: ['system:masters', 'b', 'system:authenticated'],
        extra: { 'scopes/of%them': ['one', 'two'] },
      });
    } finally {
      await janes.close();
    }
  });

  it('says whether an apply created the object', async () => {
    const first = await api.apply(configMap('applied'), me);
    const second = await api.apply(configMap('applied', { key: 'other' }), me);
    assert.deepEqual([first.created, second.created], [true, false]);
    assert.equal(second.object.metadata.uid, first.object.metadata.uid);
    assert.deepEqual(second.object['data'], { key: 'other' });
  });

  it('applies to the object whose uid is named, and neither makes one nor changes another', async () => {
    const { object } = await api.apply(configMap('fenced'), me);
    const { uid = '' } = object.metadata;
    const named = (name: string, known: string): Manifest => {
      const manifest = configMap(name, { key: 'second' });
      return { ...manifest, metadata: { ...manifest.metadata, uid: known } };
    };
    const again = await api.apply(named('fenced', uid), me);
    assert.deepEqual(again.object['data'], { key: 'second' });
    for (const another of [named('fenced', '00000000-0000-0000-0000-000000000000'), named('never-made', uid)])
      await refused(api.apply(another, me), { isAboutAnother: true });
    assert.equal(await api.get({ ...CONFIG_MAP, namespace, name: 'never-made' }), undefined);
  });

  it('answers undefined for an object that does not exist, and throws for a kind that is not served', async () => {
    assert.equal(await api.get({ ...CONFIG_MAP, namespace, name: 'absent' }), undefined);
    await refused(api.get({ group: 'nobody.dev', kind: 'Nothing', namespace, name: 'x' }), {
      code: 404,
      reason: 'NotFound',
      message: 'the API server does not serve Nothing.nobody.dev; install its CRD',
    });
  });

  it('takes over a field, and does not when it is told not to force', async () => {
    await api.apply(configMap('contested'), me);
    const theirs = configMap('contested', { key: 'theirs' });
    await assert.rejects(api.apply(theirs, { fieldManager: 'they', force: false }), (error: StatusError) => {
      assert.equal(error.reason, 'Conflict');
      assert.deepEqual(
        error.causes.map(({ field, reason }) => ({ field, reason })),
        [{ field: '.data.key', reason: 'FieldManagerConflict' }],
      );
      return true;
    });
    await api.apply(theirs, { fieldManager: 'they' });
  });

  it('refuses a field that the schema does not know as Invalid', async () => {
    await refused(api.apply({ ...configMap('typo'), dato: {} }, me), { code: 422, reason: 'Invalid' });
  });

  it('removes exactly the object that it was asked to remove', async () => {
    const ref = { ...CONFIG_MAP, namespace, name: 'removed' };
    const { object } = await api.apply(configMap('removed'), me);
    assert.equal(await api.remove(ref, { uid: '00000000-0000-0000-0000-000000000000' }), 'gone');
    assert.ok(await api.get(ref));
    assert.equal(await api.remove(ref, { uid: object.metadata.uid ?? '' }), 'removed');
    assert.equal(await api.remove(ref, { uid: object.metadata.uid ?? '' }), 'gone');
  });

  it('lists more objects than a page holds, each under its own kind', async () => {
    const home = await freshNamespace(await sharedSandbox(), 'pages');
    const many = Array.from({ length: 510 }, (_, index) => ({
      ...configMap(`page-${index}`),
      metadata: { name: `page-${index}`, namespace: home },
    }));
    await Promise.all(many.map((manifest) => api.create(manifest)));
    const whole = await api.list(CONFIG_MAP, { namespace: home });
    const metadata = await api.list(CONFIG_MAP, { namespace: home, metadataOnly: true });
    for (const { items, resourceVersion } of [whole, metadata]) {
      const names = items.map((item) => item.metadata.name).filter((name) => name.startsWith('page-'));
      assert.equal(new Set(names).size, 510);
      assert.ok(items.every(({ kind, apiVersion }) => kind === 'ConfigMap' && apiVersion === 'v1'));
      assert.match(resourceVersion, /^\d+$/);
    }
    assert.ok(metadata.items.every((item) => !('data' in item)));
  });

  it('patches what it tests, and nothing when the test fails', async () => {
    await api.apply(configMap('patched'), me);
    const ref = { ...CONFIG_MAP, namespace, name: 'patched' };
    const patch = [
      { op: 'test', path: '/data/key', value: 'value' },
      { op: 'replace', path: '/data/key', value: 'patched' },
    ] as const;
    assert.deepEqual((await api.patch(ref, patch))['data'], { key: 'patched' });
    await refused(api.patch(ref, patch), { code: 422, reason: 'Invalid' });
  });

  it('gives a caller that gave up its own reason', async () => {
    const controller = new AbortController();
    const listing = api.list(CONFIG_MAP, { signal: controller.signal });
    controller.abort(new Error('given up'));
    await assert.rejects(listing, { message: 'given up' });
  });

  it('calls a server that does not answer Unreachable', async () => {
    const kubeConfig = loadKubeConfig({ kubeconfig: (await sharedSandbox()).kubeconfig });
    const [cluster] = kubeConfig.clusters;
    assert.ok(cluster);
    kubeConfig.clusters = [{ ...cluster, server: 'https://127.0.0.1:1' }];
    const nobody = createKubernetesApi({ kubeConfig });
    await refused(nobody.get({ ...CONFIG_MAP, namespace, name: 'x' }), { code: 0, reason: 'Unreachable' });
    await nobody.close();
  });
});
