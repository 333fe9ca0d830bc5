/** etcd, kube-apiserver, kube-controller-manager and kube-scheduler as four processes of the one cached program. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ClusterApi, type ClusterAccess } from './cluster-api.ts';
import {
  clusterFiles,
  writeAuditPolicy,
  writeIdentities,
  writeKubeconfig,
  type AuditOptions,
  type ClusterFiles,
} from './cluster-files.ts';
import { freePorts } from './free-ports.ts';
import { startGuarded, type GuardedProcess } from './guarded-process.ts';
import type { Report } from './progress.ts';
import { waitUntil } from './wait-until.ts';

export interface ControlPlaneOptions {
  readonly program: string;
  readonly directory: string;
  readonly etcdData: string;
  readonly auditLog: AuditOptions | undefined;
  readonly report: Report;
  readonly signal: AbortSignal;
  /** Told of each process as soon as it runs, so that none is forgotten when a later one fails. */
  onProcess(component: GuardedProcess): void;
}

export interface ControlPlane {
  readonly access: ClusterAccess;
  readonly files: ClusterFiles;
}

const READY_TIMEOUT_MS = 60_000;

/** Resolves once the API server is ready; the controllers and the scheduler run but may not have caught up. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const files = clusterFiles(options.directory);
  const token = writeIdentities(files);
  if (options.auditLog) writeAuditPolicy(files, options.auditLog);
  const [etcdPort = 0, apiPort = 0] = await freePorts(2);
  const etcd = `http://127.0.0.1:${etcdPort}`;
  const server = `https://127.0.0.1:${apiPort}`;

  const start = (name: string, args: readonly string[]): GuardedProcess => {
    const component = startGuarded({
      name,
      command: options.program,
      args: [name, ...args],
      logFile: path.join(options.directory, `${name}.log`),
      directory: options.directory,
      env: { GOGC: '400' },
    });
    options.onProcess(component);
    return component;
  };

  start('etcd', ['--data-dir', options.etcdData, '--listen', etcd]);
  const apiServer = start(
    'kube-apiserver',
    apiServerFlags({ files, etcd, apiPort, auditLog: options.auditLog !== undefined }),
  );
  const access = { server, token, ca: await certificateOf(apiServer, files, options) };
  writeKubeconfig(files.kubeconfig, access);
  await becomesReady(apiServer, access, options);
  options.report('kube-apiserver', `ready at ${server}`);
  start('kube-controller-manager', controllerManagerFlags(files));
  start('kube-scheduler', clientFlags(files));
  return { access, files };
}

interface ApiServerSettings {
  readonly files: ClusterFiles;
  readonly etcd: string;
  readonly apiPort: number;
  readonly auditLog: boolean;
}

function apiServerFlags({ files, etcd, apiPort, auditLog }: ApiServerSettings): string[] {
  const audit = [
    `--audit-policy-file=${files.auditPolicy}`,
    `--audit-log-path=${files.auditLog}`,
    // In MB; whoever reads it wants all of it in one file.
    '--audit-log-maxsize=100000',
  ];
  return [
    `--etcd-servers=${etcd}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${apiPort}`,
    `--cert-dir=${files.certificates}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${files.serviceAccountKey}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    `--token-auth-file=${files.tokens}`,
    '--authorization-mode=RBAC',
    '--service-cluster-ip-range=10.0.0.0/16',
    // The only node is ready from its first moment, so it needs no taint that somebody has to take away again.
    '--disable-admission-plugins=TaintNodesByCondition',
    ...(auditLog ? audit : []),
  ];
}

function clientFlags(files: ClusterFiles): string[] {
  return [
    `--kubeconfig=${files.kubeconfig}`,
    '--leader-elect=false',
    '--kube-api-qps=1000',
    '--kube-api-burst=2000',
    '--secure-port=0',
  ];
}

function controllerManagerFlags(files: ClusterFiles): string[] {
  return [
    ...clientFlags(files),
    `--service-account-private-key-file=${files.serviceAccountKey}`,
    `--root-ca-file=${path.join(files.certificates, 'apiserver.crt')}`,
    '--controllers=*,-node-ipam-controller,-bootstrap-signer-controller,-token-cleaner-controller',
    '--concurrent-deployment-syncs=20',
    '--concurrent-replicaset-syncs=20',
    '--concurrent-statefulset-syncs=20',
  ];
}

/** The API server makes its certificate itself; the file ends with the authority that signed it. */
function certificateOf(
  apiServer: GuardedProcess,
  files: ClusterFiles,
  { signal }: ControlPlaneOptions,
): Promise<string> {
  const file = path.join(files.certificates, 'apiserver.crt');
  const key = path.join(files.certificates, 'apiserver.key');
  const read = (): string | undefined =>
    existsSync(file) && existsSync(key) ? readFileSync(file, 'utf8') : undefined;
  return waitUntil(read, { state: 'certified', process: apiServer, timeoutMs: READY_TIMEOUT_MS, signal });
}

async function becomesReady(
  apiServer: GuardedProcess,
  access: ClusterAccess,
  { signal }: ControlPlaneOptions,
): Promise<void> {
  const api = new ClusterApi(access);
  const readyz = async (): Promise<true | undefined> => {
    try {
      const answer = await api.call({ method: 'GET', path: '/readyz', signal });
      return answer.code === 200 ? true : undefined;
    } catch {
      // Nobody listens yet; that it never does is told by the timeout and the process's log.
      return undefined;
    }
  };
  try {
    await waitUntil(readyz, { state: 'ready', process: apiServer, timeoutMs: READY_TIMEOUT_MS, signal });
  } finally {
    await api.close();
  }
}
