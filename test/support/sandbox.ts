/** The run's sandbox, and what tests need of it beside what authors need. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Sandbox } from '../../sandbox/index.ts';
import { ClusterApi, type ClusterAccess } from '../../sandbox/cluster-api.ts';

export { sharedSandbox } from '../../testing/shared-sandbox.ts';

/** How the sandbox's API server is reached with no library of ours. */
export function accessOf({ kubeconfig }: Pick<Sandbox, 'kubeconfig'>): ClusterAccess {
  const config = JSON.parse(readFileSync(kubeconfig, 'utf8'));
  const { server, 'certificate-authority-data': ca } = config.clusters[0].cluster;
  return { server, token: config.users[0].user.token, ca: Buffer.from(ca, 'base64').toString() };
}

/** Creates a namespace nobody else has, in which pods may be created at once, and gives its name. */
export async function freshNamespace(sandbox: Pick<Sandbox, 'kubeconfig'>, prefix: string): Promise<string> {
  const name = `${prefix}-${randomBytes(4).toString('hex')}`;
  const api = new ClusterApi(accessOf(sandbox));
  try {
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    await api.expect({ method: 'POST', path: '/api/v1/namespaces', body });
    const path = `/api/v1/namespaces/${name}/serviceaccounts?watch=1&fieldSelector=metadata.name%3Ddefault`;
    for await (const event of api.watch(path, AbortSignal.timeout(20_000))) {
      if (event.type === 'ADDED') return name;
    }
    throw new Error(`the namespace ${name} got no service account within 20 s`);
  } finally {
    await api.close();
  }
}

/** A task queue nobody else polls. */
export function freshTaskQueue(prefix: string): string {
  return `${prefix}-${randomBytes(4).toString('hex')}`;
}
