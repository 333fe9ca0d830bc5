import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { applyWorkload } from '../../../activities/apply-workload.ts';
import { eventually } from '../../../testing/eventually.ts';
import type { Dependencies } from '../../../activities/index.ts';
import { observeObjects } from '../../../activities/observe-objects.ts';
import { ownedFields } from '../../../core/fields.ts';
import type { Manifest } from '../../../core/manifest.ts';
import type { KubernetesApi } from '../../../kubernetes/api.ts';
import type { KubernetesClient } from '../../../kubernetes/client.ts';
import { createKubernetesApi } from '../../../kubernetes/client.ts';
import { loadKubeConfig } from '../../../kubernetes/kube-config.ts';
import { freshNamespace, sharedSandbox } from '../../support/sandbox.ts';

const OPERATOR = 'hands';
const KEY = 'Deployment.apps/web';

/** The API, and what it is asked for. */
function counting(api: KubernetesApi, calls: string[]): Pick<KubernetesApi, 'get' | 'list' | 'apply'> {
  return {
    get: (ref, options) => (calls.push(`get ${ref.kind}`), api.get(ref, options)),
    list: (kind, options) => (calls.push(`list ${kind.kind}`), api.list(kind, options)),
    apply: (manifest, options) => (
      calls.push(`apply ${manifest.kind}${options.force ? ', forced' : ''}`),
      api.apply(manifest, options)
    ),
  };
}

describe('a workload that somebody has edited', () => {
  let api: KubernetesClient;
  let namespace: string;
  const calls: string[] = [];
  const { signal } = new AbortController();
  before(async () => {
    const sandbox = await sharedSandbox();
    namespace = await freshNamespace(sandbox, 'hands');
    api = createKubernetesApi({ kubeConfig: loadKubeConfig({ kubeconfig: sandbox.kubeconfig }) });
  });
  after(() => api.close());

  /** One replica that never starts: its pods are worth a look. */
  function workload(image: string): Manifest {
    const labels = { app: 'web' };
    const pod = { containers: [{ name: 'web', image }] };
    return {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod } },
    };
  }

  function parts(): Dependencies {
    const scalers = { in: () => [] };
    return { api: counting(api, calls), operator: { name: OPERATOR }, scalers } as unknown as Dependencies;
  }

  async function look(applied: Manifest): Promise<Awaited<ReturnType<typeof observeObjects>>[number]> {
    const resource = { group: 'toy.dev', version: 'v1', kind: 'Toy', plural: 'toys', namespace, name: 't1' };
    const sought = [{ key: KEY, fields: ownedFields(applied, OPERATOR) }];
    const [seen] = await observeObjects(parts(), resource, sought);
    return seen ?? assert.fail('nothing seen');
  }

  function takeCalls(): readonly string[] {
    return calls.splice(0);
  }

  it('is looked at without its pods, and put back by one look and one write', async () => {
    const wanted = workload('example.org/web:crash');
    const { object: applied } = await applyWorkload(parts(), wanted, { replicas: 1 }, signal);
    assert.deepEqual(takeCalls(), ['apply Deployment'], 'what nobody has edited is applied at once');
    await eventually('its pod is there', async () => {
      const { items } = await api.list({ group: '', kind: 'Pod' }, { namespace });
      return items.length > 0;
    });
    await look(applied);
    assert.deepEqual(
      takeCalls(),
      ['get Deployment', 'list Pod', 'list ReplicaSet'],
      'its pods tell why it is not Current',
    );

    await api.apply(workload('example.org/web:edited'), { fieldManager: 'kubectl' });
    const seen = await look(applied);
    assert.deepEqual(takeCalls(), ['get Deployment']);
    const { editors = [] } = seen.exists === true ? seen : {};
    assert.deepEqual(editors, ['kubectl']);

    const { object: repaired } = await applyWorkload(parts(), wanted, { replicas: 1, editors }, signal);
    assert.deepEqual(takeCalls(), ['get Deployment', 'apply Deployment, forced']);
    assert.equal(ownedFields(repaired, OPERATOR), ownedFields(applied, OPERATOR));
  });
});
