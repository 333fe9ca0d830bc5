import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Manifest } from '../../../core/manifest.ts';
import type { KubernetesClient } from '../../../kubernetes/client.ts';
import { createKubernetesApi } from '../../../kubernetes/client.ts';
import { MOST_IN_FLIGHT } from '../../../kubernetes/flow-control.ts';
import { loadKubeConfig } from '../../../kubernetes/kube-config.ts';
import { StatusError } from '../../../kubernetes/status-error.ts';
import { ClusterApi } from '../../../sandbox/cluster-api.ts';
import { accessOf, freshNamespace, sharedSandbox } from '../../support/sandbox.ts';
import { eventually } from '../../../testing/eventually.ts';

const FLOW_CONTROL = 'flowcontrol.apiserver.k8s.io/v1';
const me = { fieldManager: 'me' };

/** A user whom the API server's own priority and fairness gives a seat or two, and refuses beyond. */
describe('the client of an API server that has little room for it', () => {
  let admin: KubernetesClient;
  let api: KubernetesClient;
  let namespace: string;
  let rules: readonly Manifest[];

  before(async () => {
    const sandbox = await sharedSandbox();
    const { kubeconfig } = sandbox;
    admin = createKubernetesApi({ kubeConfig: loadKubeConfig({ kubeconfig }) });
    namespace = await freshNamespace(sandbox, 'narrow');
    rules = rulesFor(namespace);
    for (const rule of rules) await admin.apply(rule, me);
    const narrow = loadKubeConfig({ kubeconfig });
    narrow.users = [{ name: narrow.getCurrentUser()?.name ?? '', token: await tokenOf(namespace) }];
    api = createKubernetesApi({ kubeConfig: narrow });
  });
  after(async () => {
    for (const { apiVersion, kind, metadata } of rules)
      if (apiVersion === FLOW_CONTROL)
        await admin.remove(
          { group: 'flowcontrol.apiserver.k8s.io', kind, name: metadata.name },
          { uid: await uidOf(kind, metadata.name) },
        );
    await Promise.all([api.close(), admin.close()]);
  });

  const uidOf = async (kind: string, name: string): Promise<string> =>
    (await admin.get({ group: 'flowcontrol.apiserver.k8s.io', kind, name }))?.metadata.uid ?? '';

  const apply = async (name: string): Promise<boolean> => {
    const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { name } };
    try {
      await api.apply(manifest, me);
      return true;
    } catch (error) {
      if (error instanceof StatusError && error.reason === 'TooManyRequests' && error.retryAfterMs)
        return false;
      throw error;
    }
  };

  it('sends fewer requests at once when it is refused, and brings all of them in', async () => {
    let wave = 0;
    let least = MOST_IN_FLIGHT;
    const names: string[] = [];
    await eventually('a refusal for want of room', async () => {
      const fresh = Array.from({ length: 48 }, (_, count) => `wave-${wave}-${count}`);
      wave++;
      names.push(...fresh);
      await Promise.all(fresh.map((name) => eventually(`${name} is applied`, () => apply(name))));
      least = Math.min(least, api.flow().limit);
      return api.flow().overloads > 0;
    });
    assert.ok(least < MOST_IN_FLIGHT, `${least} at once`);
    const { items } = await admin.list({ group: '', kind: 'ConfigMap' }, { namespace });
    const there = new Set(items.map(({ metadata }) => metadata.name));
    assert.deepEqual(
      names.filter((name) => !there.has(name)),
      [],
    );
    assert.deepEqual([api.flow().inFlight, api.flow().waiting, api.flow().circuit], [0, 0, 'Closed']);
  });
});

async function tokenOf(namespace: string): Promise<string> {
  const cluster = new ClusterApi(accessOf(await sharedSandbox()));
  try {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/default/token`;
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
    const answer = await cluster.expect({ method: 'POST', path, body });
    return (answer.body as { status: { token: string } }).status.token;
  } finally {
    await cluster.close();
  }
}

function rulesFor(namespace: string): readonly Manifest[] {
  const subject = { kind: 'ServiceAccount', name: 'default', namespace };
  return [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'narrow', namespace },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' },
      subjects: [subject],
    },
    {
      apiVersion: FLOW_CONTROL,
      kind: 'PriorityLevelConfiguration',
      metadata: { name: namespace },
      spec: {
        type: 'Limited',
        limited: {
          nominalConcurrencyShares: 1,
          lendablePercent: 0,
          borrowingLimitPercent: 0,
          limitResponse: { type: 'Reject' },
        },
      },
    },
    {
      apiVersion: FLOW_CONTROL,
      kind: 'FlowSchema',
      metadata: { name: namespace },
      spec: {
        priorityLevelConfiguration: { name: namespace },
        matchingPrecedence: 10,
        distinguisherMethod: { type: 'ByUser' },
        rules: [
          {
            subjects: [{ kind: 'ServiceAccount', serviceAccount: { name: 'default', namespace } }],
            resourceRules: [
              { verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true },
            ],
          },
        ],
      },
    },
  ];
}
