/** The files that a control plane and its users read: keys, the one user's token, the kubeconfig. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ClusterAccess } from './cluster-api.ts';

export interface ClusterFiles {
  readonly kubeconfig: string;
  readonly serviceAccountKey: string;
  readonly tokens: string;
  readonly certificates: string;
  readonly auditPolicy: string;
  readonly auditLog: string;
}

export function clusterFiles(directory: string): ClusterFiles {
  return {
    kubeconfig: path.join(directory, 'kubeconfig'),
    serviceAccountKey: path.join(directory, 'service-account.key'),
    tokens: path.join(directory, 'tokens.csv'),
    certificates: path.join(directory, 'certificates'),
    auditPolicy: path.join(directory, 'audit-policy.json'),
    auditLog: path.join(directory, 'audit.log'),
  };
}

/** The token of the user `admin`, who may do everything. */
export function writeIdentities(files: ClusterFiles): string {
  const token = randomBytes(24).toString('base64url');
  writePrivately(files.tokens, `${token},admin,admin,system:masters\n`);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writePrivately(files.serviceAccountKey, privateKey.export({ type: 'sec1', format: 'pem' }).toString());
  return token;
}

/** Of every request an API server logs who asked for what; of writes to some resources also what was answered. */
export interface AuditOptions {
  /** Resources with their group, and subresources of theirs: `apps/statefulsets/status`. */
  readonly answersOf: readonly string[];
}

export function writeAuditPolicy(files: ClusterFiles, { answersOf }: AuditOptions): void {
  const answers = answersOf.map((name) => {
    const [group, ...resource] = name.split('/');
    return {
      level: 'RequestResponse',
      verbs: ['create', 'update', 'patch'],
      resources: [{ group, resources: [resource.join('/')] }],
    };
  });
  const policy = {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived'],
    omitManagedFields: true,
    rules: [...answers, { level: 'Metadata' }],
  };
  writeFileSync(files.auditPolicy, JSON.stringify(policy));
}

export function writeKubeconfig(file: string, { server, token, ca }: ClusterAccess): void {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'sandbox',
        cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
      },
    ],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'sandbox', context: { cluster: 'sandbox', user: 'admin' } }],
    'current-context': 'sandbox',
  };
  writePrivately(file, `${JSON.stringify(config, undefined, 2)}\n`);
}

function writePrivately(file: string, text: string): void {
  writeFileSync(file, text, { mode: 0o600 });
}
