/** One sandbox for all test files of a run: the first to ask starts it, and it ends when nobody has used it for a while. */
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectSandbox, startDetachedSandbox, type Progress, type Sandbox } from '../../sandbox/index.ts';
import { ClusterApi, type ClusterAccess } from '../../sandbox/cluster-api.ts';
import { withLock } from '../../sandbox/lock.ts';
import { runtimeDirectory } from '../../sandbox/places.ts';

const IDLE_MS = 30_000;

let shared: Promise<Sandbox> | undefined;

/** The run's sandbox, in milliseconds when it is up. Do not stop it; what a test makes in it lies in its own namespace. */
export function sharedSandbox(): Promise<Sandbox> {
  shared ??= connectOrStart(`shared-${digestOfSources()}`);
  return shared;
}

async function connectOrStart(name: string): Promise<Sandbox> {
  const running = await connectSandbox(name);
  if (running !== undefined) return running;
  return withLock(path.join(runtimeDirectory(), `${name}.start.lock`), async () => {
    const started = await connectSandbox(name);
    const onProgress = ({ component, message }: Progress): void => {
      process.stderr.write(`sandbox: ${component}: ${message}\n`);
    };
    return started ?? startDetachedSandbox({ name, idleMs: IDLE_MS, onProgress });
  });
}

/** Two versions of the sandbox never share one. */
function digestOfSources(): string {
  const directory = fileURLToPath(new URL('../../sandbox/', import.meta.url));
  const hash = createHash('sha256');
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.ts'))) {
    hash.update(readFileSync(path.join(directory, file)));
  }
  return hash.digest('hex').slice(0, 10);
}

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
