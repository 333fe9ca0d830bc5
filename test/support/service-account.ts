import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Manifest } from '../../core/manifest.ts';
import { ClusterApi } from '../../sandbox/cluster-api.ts';
import { accessOf } from './sandbox.ts';
import type { ToyStage } from './toy-stage.ts';

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** What the toy operator needs in its namespace (docs/operations.md). */
export const ALL_RIGHTS: readonly Rule[] = [
  { apiGroups: ['toy.dev'], resources: ['toys'], verbs: ['get', 'list', 'watch', 'patch'] },
  {
    apiGroups: ['toy.dev'],
    resources: ['toys/status', 'toys/finalizers'],
    verbs: ['get', 'patch', 'update'],
  },
  ...['configmaps', 'services', 'persistentvolumeclaims'].map((kind) => rule('', kind)),
  rule('apps', 'statefulsets'),
  { apiGroups: ['apps'], resources: ['controllerrevisions'], verbs: ['get', 'list', 'create', 'delete'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch', 'delete'] },
  { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs: ['list', 'watch'] },
  { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create'] },
];

/** The rules of docs/operations.md, for toys in the place of Pinot. */
export async function documentedRights(): Promise<readonly Rule[]> {
  const page = await readFile(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  const [, block = ''] = /## Rights[^]*?```yaml\n([^]*?)```/.exec(page) ?? [];
  const { rules }: { rules: readonly Rule[] } = parse(
    block.replaceAll('datainfra.io', 'toy.dev').replaceAll('pinots', 'toys'),
  );
  return rules;
}

function rule(group: string, kind: string): Rule {
  const verbs = ['get', 'list', 'watch', 'create', 'patch', 'delete'];
  return { apiGroups: [group], resources: [kind], verbs };
}

/** All rights but these verbs of one kind. */
export function without(kind: string, ...verbs: readonly string[]): readonly Rule[] {
  return ALL_RIGHTS.flatMap(({ apiGroups, resources, verbs: all }) => [
    { apiGroups, resources: resources.filter((each) => each !== kind), verbs: all },
    ...(resources.includes(kind)
      ? [{ apiGroups, resources: [kind], verbs: all.filter((verb) => !verbs.includes(verb)) }]
      : []),
  ]).filter(({ resources, verbs: left }) => resources.length > 0 && left.length > 0);
}

/** A service account of the stage's namespace that the API server's own authorizer holds to its Role. */
export class ServiceAccount {
  readonly kubeconfig: string;
  readonly #stage: ToyStage;

  private constructor(stage: ToyStage, kubeconfig: string) {
    this.#stage = stage;
    this.kubeconfig = kubeconfig;
  }

  static async make(stage: ToyStage, rules: readonly Rule[]): Promise<ServiceAccount> {
    const { namespace, sandbox, api } = stage;
    const metadata = { name: NAME, namespace };
    await api.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata });
    const file = join(sandbox.directory, `${namespace}.account.kubeconfig`);
    await writeFile(file, await kubeconfigFor(stage), { mode: 0o600 });
    const account = new ServiceAccount(stage, file);
    await account.grant(rules);
    await account.#bind();
    return account;
  }

  /** These rights, in the place of those it had. */
  async grant(rules: readonly Rule[]): Promise<void> {
    await this.#apply({ kind: 'Role', rules });
  }

  /** These rights in every namespace, and to what is in none. */
  async grantEverywhere(rules: readonly Rule[]): Promise<void> {
    const { namespace } = this.#stage;
    const name = `${namespace}-${NAME}`;
    await this.#apply({ kind: 'ClusterRole', rules }, { name });
    await this.#apply(
      {
        kind: 'ClusterRoleBinding',
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
        subjects: [{ kind: 'ServiceAccount', name: NAME, namespace }],
      },
      { name },
    );
  }

  async #bind(): Promise<void> {
    await this.#apply({
      kind: 'RoleBinding',
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: NAME },
      subjects: [{ kind: 'ServiceAccount', name: NAME, namespace: this.#stage.namespace }],
    });
  }

  async #apply(
    manifest: Pick<Manifest, 'kind'> & Record<string, unknown>,
    metadata: Manifest['metadata'] = { name: NAME, namespace: this.#stage.namespace },
  ): Promise<void> {
    const apiVersion = 'rbac.authorization.k8s.io/v1';
    await this.#stage.api.apply({ apiVersion, ...manifest, metadata }, { fieldManager: 'tests' });
  }
}

const NAME = 'operator';

async function kubeconfigFor({ namespace, sandbox }: ToyStage): Promise<string> {
  const access = accessOf(sandbox);
  const api = new ClusterApi(access);
  try {
    const { body } = await api.expect({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/${NAME}/token`,
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
    });
    const { token } = (body as { status: { token: string } }).status;
    const cluster = {
      server: access.server,
      'certificate-authority-data': Buffer.from(access.ca).toString('base64'),
    };
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'sandbox', cluster }],
      users: [{ name: NAME, user: { token } }],
      contexts: [{ name: 'sandbox', context: { cluster: 'sandbox', user: NAME } }],
      'current-context': 'sandbox',
    });
  } finally {
    await api.close();
  }
}
