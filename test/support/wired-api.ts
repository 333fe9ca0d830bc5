import type { KubernetesClient } from '../../kubernetes/client.ts';
import { createKubernetesApi } from '../../kubernetes/client.ts';
import { loadKubeConfig } from '../../kubernetes/kube-config.ts';
import { sharedSandbox } from './sandbox.ts';
import { TcpProxy } from './tcp-proxy.ts';

/** A client of the sandbox's API server, and its wire. */
export interface WiredApi extends AsyncDisposable {
  readonly wire: TcpProxy;
  readonly api: KubernetesClient;
}

export async function wiredApi(): Promise<WiredApi> {
  const { kubeconfig, apiServer } = await sharedSandbox();
  const kubeConfig = loadKubeConfig({ kubeconfig });
  const { hostname, port } = new URL(apiServer);
  const wire = await TcpProxy.to(hostname, Number(port));
  kubeConfig.clusters = kubeConfig.clusters.map((cluster) => ({
    ...cluster,
    server: `https://127.0.0.1:${wire.port}`,
  }));
  const api = createKubernetesApi({ kubeConfig });
  const dispose = async (): Promise<void> => {
    await api.close();
    await wire[Symbol.asyncDispose]();
  };
  return { wire, api, [Symbol.asyncDispose]: dispose };
}
