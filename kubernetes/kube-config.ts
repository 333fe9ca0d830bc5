import { KubeConfig } from '@kubernetes/client-node';

export type { KubeConfig } from '@kubernetes/client-node';

export interface KubeConfigSource {
  /**
   * Path of a kubeconfig.
   *
   * @defaultValue the variable KUBECONFIG, else `~/.kube/config`, else the service account of the pod
   */
  readonly kubeconfig?: string;
  /** @defaultValue the current context of the kubeconfig */
  readonly context?: string;
}

/** Where client-node points when it has found nothing. */
const NOWHERE = 'http://localhost:8080';

/**
 * Finds the cluster and the credentials.
 *
 * @throws Error when there is no kubeconfig, or it has no such context.
 */
export function loadKubeConfig({ kubeconfig, context }: KubeConfigSource = {}): KubeConfig {
  const config = new KubeConfig();
  const file = kubeconfig ?? 'the default kubeconfig';
  try {
    if (kubeconfig) config.loadFromFile(kubeconfig);
    else config.loadFromDefault();
  } catch (error) {
    throw new Error(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  if (context) {
    if (!config.getContextObject(context))
      throw new Error(
        `${file} has no context "${context}"; it has ${config.contexts.map(({ name }) => name).join(', ')}`,
      );
    config.setCurrentContext(context);
  }
  const cluster = config.getCurrentCluster();
  if (!cluster || (!kubeconfig && cluster.server === NOWHERE))
    throw new Error(
      `${file} names no cluster; give the path of a kubeconfig, set KUBECONFIG, or run inside a cluster`,
    );
  return config;
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
