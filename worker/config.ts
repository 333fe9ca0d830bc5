/** Everything the program takes from its surroundings; the only reader of the environment. */
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { loadClientConnectConfig } from '@temporalio/envconfig';

export type Role = 'all' | 'bridge' | 'worker';

export interface RunOptions {
  /** @defaultValue KUBECONFIG, else `~/.kube/config`, else the service account of the pod */
  readonly kubeconfig?: string;
  readonly context?: string;
  /** @defaultValue what the Temporal profile or TEMPORAL_ADDRESS says, else `localhost:7233` */
  readonly temporalAddress?: string;
  readonly temporalNamespace?: string;
  /** `bridge` watches and signals, `worker` reconciles, `all` does both. @defaultValue `'all'` */
  readonly role?: Role;
  /** Only resources in these namespaces. @defaultValue all */
  readonly allowedNamespaces?: readonly string[];
  /** No resources in these namespaces. @defaultValue the comma-separated variable DENY_LIST */
  readonly deniedNamespaces?: readonly string[];
  /** Port of `/healthz` and `/readyz`; 0 takes a free one. @defaultValue none */
  readonly healthPort?: number;
  /** @defaultValue LOG_LEVEL, else `info` */
  readonly logLevel?: string;
}

export interface Config {
  readonly kubernetes: { readonly kubeconfig?: string; readonly context?: string };
  readonly temporal: ReturnType<typeof loadClientConnectConfig>;
  readonly role: Role;
  readonly namespaces: { readonly allowed?: readonly string[]; readonly denied?: readonly string[] };
  readonly healthPort?: number;
  readonly logLevel: string;
  /** Names this process in events and in Temporal. */
  readonly identity: string;
}

/** What Temporal's workflow cache may hold; about 0.35 MB a resource. */
export const MAX_CACHED_WORKFLOWS = 500;

export function readConfig(options: RunOptions): Config {
  const temporal = loadClientConnectConfig();
  const address = options.temporalAddress ?? temporal.connectionOptions.address;
  const denied = options.deniedNamespaces ?? listOf(process.env['DENY_LIST']);
  return {
    kubernetes: {
      ...(options.kubeconfig ? { kubeconfig: options.kubeconfig } : {}),
      ...(options.context ? { context: options.context } : {}),
    },
    temporal: {
      ...temporal,
      ...(options.temporalNamespace ? { namespace: options.temporalNamespace } : {}),
      connectionOptions: { ...temporal.connectionOptions, ...(address ? { address } : {}) },
    },
    role: options.role ?? 'all',
    namespaces: { ...(options.allowedNamespaces ? { allowed: options.allowedNamespaces } : {}), denied },
    ...(options.healthPort === undefined ? {} : { healthPort: options.healthPort }),
    logLevel: options.logLevel ?? process.env['LOG_LEVEL'] ?? 'info',
    identity: process.env['POD_NAME'] ?? `${process.pid}@${hostname()}`,
  };
}

function listOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

/** Where what is expensive to make is kept. */
export function defaultCacheDirectory(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'durable-operator');
}
