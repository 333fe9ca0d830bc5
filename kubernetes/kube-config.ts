import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import type { Environment } from './environment-proxy.ts';
import { proxyOf } from './environment-proxy.ts';
import { readKubeconfig, readKubeconfigs } from './kubeconfig-files.ts';
import { clusterFault, userFault } from './kubeconfig-validation.ts';

export type { KubeConfig } from '@kubernetes/client-node';

export interface KubeConfigSource {
  /**
   * Path of a kubeconfig.
   *
   * @defaultValue the files of the variable KUBECONFIG, else `~/.kube/config`, else the service account of the pod
   */
  readonly kubeconfig?: string;
  /** @defaultValue the current context of the kubeconfig */
  readonly context?: string;
  /** KUBECONFIG and HOME are read of it, HTTPS_PROXY, HTTP_PROXY and NO_PROXY. @defaultValue empty */
  readonly env?: Environment;
}

const TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/**
 * Finds the cluster and the credentials, as kubectl does.
 *
 * @throws Error when there is no kubeconfig, it has no such context, or that contradicts itself.
 */
export function loadKubeConfig({ kubeconfig, context, env = {} }: KubeConfigSource = {}): KubeConfig {
  const file = kubeconfig ?? 'the default kubeconfig';
  const found = kubeconfig ? readKubeconfig(kubeconfig) : readKubeconfigs(defaultFiles(env));
  const config = new KubeConfig();
  const isEmpty = [found.clusters, found.contexts, found.users].every(({ length }) => length === 0);
  if (isEmpty && !kubeconfig && existsSync(TOKEN)) config.loadFromCluster();
  else config.loadFromOptions({ ...found, clusters: found.clusters.map(withScheme) });
  if (context) {
    if (!config.getContextObject(context))
      throw new Error(
        `${file} has no context "${context}"; it has ${config.contexts.map(({ name }) => name).join(', ')}`,
      );
    config.setCurrentContext(context);
  }
  requireUsable(config, file);
  config.clusters = config.clusters.map((cluster) => withProxy(cluster, env));
  return config;
}

function defaultFiles({ KUBECONFIG, HOME }: Environment): readonly string[] {
  if (KUBECONFIG) return KUBECONFIG.split(delimiter);
  return HOME ? [join(HOME, '.kube', 'config')] : [];
}

function requireUsable(config: KubeConfig, file: string): void {
  const current = config.getCurrentContext();
  if (current && !config.getContextObject(current))
    throw new Error(`${file} has no context "${current}", which its current-context names`);
  const cluster = config.getCurrentCluster();
  if (!cluster)
    throw new Error(
      `${file} names no cluster; give the path of a kubeconfig, set KUBECONFIG, or run inside a cluster`,
    );
  const user = config.getCurrentUser();
  const fault = clusterFault(cluster) ?? (user ? userFault(user) : undefined);
  if (fault) throw new Error(`${file}: ${fault}`);
}

type Cluster = KubeConfig['clusters'][number];

/** `host:port` is reached by TLS where anything is said of TLS. */
function withScheme(cluster: Cluster): Cluster {
  const { server, caData, caFile, skipTLSVerify } = cluster;
  if (server === '') return cluster;
  const isTls = Boolean(caData ?? caFile) || skipTLSVerify;
  const url = /^[a-z]+:\/\//i.test(server) ? server : `${isTls ? 'https' : 'http'}://${server}`;
  // Else client-node refuses a plain server.
  return { ...cluster, server: url, skipTLSVerify: skipTLSVerify || url.startsWith('http:') };
}
function withProxy(cluster: Cluster, env: Environment): Cluster {
  if (cluster.proxyUrl || !URL.canParse(cluster.server)) return cluster;
  const proxyUrl = proxyOf(new URL(cluster.server), env);
  return proxyUrl ? { ...cluster, proxyUrl } : cluster;
}

/** client-node's name for the context it makes of a pod's service account. */
const IN_CLUSTER = 'inClusterContext';

/** Where the program itself is at home: the namespace of its pod, or of the context a person works in. */
export function homeOf(config: KubeConfig): { readonly inCluster: boolean; readonly namespace: string } {
  const current = config.getCurrentContext();
  return {
    inCluster: current === IN_CLUSTER,
    namespace: config.getContextObject(current)?.namespace ?? 'default',
  };
}
