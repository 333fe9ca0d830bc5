import { MERGE, type ClusterApi } from './cluster-api.ts';
import type { LoopOptions } from './kubelet.ts';
import { watchLoop } from './watch-loop.ts';

interface Service {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly type?: string; readonly loadBalancerClass?: string };
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly unknown[] } };
}

/** Gives each Service of type LoadBalancer an address of the range that is reserved for documentation. */
export function serveLoadBalancers(api: ClusterApi, { signal, onTrouble }: LoopOptions): Promise<void> {
  let given = 0;
  const onObject = ({ metadata, spec, status }: Service, type: 'MODIFIED' | 'DELETED'): void => {
    if (type === 'DELETED' || spec.type !== 'LoadBalancer') return;
    if ((status?.loadBalancer?.ingress?.length ?? 0) > 0) return;
    const ip = `203.0.113.${(given++ % 254) + 1}`;
    const path = `/api/v1/namespaces/${metadata.namespace}/services/${metadata.name}/status`;
    const body = { status: { loadBalancer: { ingress: [{ ip, ipMode: 'VIP' }] } } };
    void api.expect({ method: 'PATCH', path, body, contentType: MERGE, signal }, 404).catch(onTrouble);
  };
  return watchLoop<Service>({ api, path: '/api/v1/services', signal, onObject, onTrouble });
}
