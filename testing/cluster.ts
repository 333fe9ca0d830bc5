import type { KubernetesClient } from '../kubernetes/client.ts';
import { createKubernetesApi } from '../kubernetes/client.ts';
import { loadKubeConfig } from '../kubernetes/kube-config.ts';

/** A cluster as a test or a demonstration speaks to it: plain JSON objects over a few connections. */
export type Cluster = KubernetesClient;

/**
 * The cluster of a kubeconfig, for example of a sandbox. It connects when it is first used; `close` ends it.
 *
 * @throws Error when there is no such file, or it names no cluster.
 */
export function connectCluster(kubeconfig: string): Cluster {
  return createKubernetesApi({ kubeConfig: loadKubeConfig({ kubeconfig }) });
}
