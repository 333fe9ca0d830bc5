import { readFile } from 'node:fs/promises';
import { parse, parseAllDocuments } from 'yaml';
import type { Manifest } from '../core/manifest.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { createKubernetesApi } from '../kubernetes/client.ts';
import { loadKubeConfig } from '../kubernetes/kube-config.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import { ClusterApi } from '../sandbox/cluster-api.ts';

const CRD = new URL('../examples/pinot/crd.yaml', import.meta.url);
const FIELD_MANAGER = 'durable-operator-bench';
const SERVED_MS = 20_000;

/** How a measurement talks to the control plane. */
export interface Cluster extends AsyncDisposable {
  readonly api: KubernetesClient;
  /** For what is not an object. */
  readonly raw: ClusterApi;
}

export function connectCluster(kubeconfig: string): Cluster {
  const config = loadKubeConfig({ kubeconfig });
  const api = createKubernetesApi({ kubeConfig: config, userAgent: FIELD_MANAGER });
  const cluster = config.getCurrentCluster();
  const raw = new ClusterApi({
    server: cluster?.server ?? '',
    token: config.getCurrentUser()?.token ?? '',
    ca: Buffer.from(cluster?.caData ?? '', 'base64').toString(),
  });
  return {
    api,
    raw,
    async [Symbol.asyncDispose]() {
      await Promise.all([api.close(), raw.close()]);
    },
  };
}

/** Installs the custom resource definition and answers when the kind is served. */
export async function installDefinition({ api }: Cluster): Promise<void> {
  const documents = parseAllDocuments(await readFile(CRD, 'utf8'));
  for (const document of documents)
    await api.apply(document.toJS() as Manifest, { fieldManager: FIELD_MANAGER });
  const deadline = performance.now() + SERVED_MS;
  for (;;) {
    try {
      await api.list({ group: 'datainfra.io', kind: 'Pinot' });
      return;
    } catch (error) {
      if (!(error instanceof StatusError) || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

export async function createNamespace({ api }: Cluster, name: string): Promise<void> {
  await api.apply(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    { fieldManager: FIELD_MANAGER },
  );
}

export async function readTemplate(file: string): Promise<Manifest> {
  return parse(await readFile(new URL(file, import.meta.url), 'utf8')) as Manifest;
}
