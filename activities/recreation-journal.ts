/**
 * What is written down before a StatefulSet is deleted without its pods: a ConfigMap beside it, so that whoever finds pods
 * with no StatefulSet, our program or a person, can make it anew exactly as it was:
 * `kubectl get cm <name>.recreation -o jsonpath='{.data.statefulset\.json}' | kubectl create -f -`.
 */
import { LABELS } from '../core/labels.ts';
import type { Manifest } from '../core/manifest.ts';
import type { ObjectRef } from '../core/refs.ts';
import type { Journal } from '../core/storage/next-reshape.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';

const MANIFEST = 'statefulset.json';
const FACTS = 'facts.json';

type Facts = Pick<Journal, 'uid' | 'pods' | 'refused'> & {
  readonly managedFields: Manifest['metadata']['managedFields'];
};

function refOf({ namespace, name }: ObjectRef): ObjectRef {
  return { group: '', kind: 'ConfigMap', ...(namespace ? { namespace } : {}), name: `${name}.recreation` };
}

export async function readJournal(api: KubernetesApi, workload: ObjectRef): Promise<Journal | undefined> {
  const found = await api.get(refOf(workload));
  const data = (found?.['data'] ?? {}) as Readonly<Record<string, string>>;
  const [manifest, facts] = [data[MANIFEST], data[FACTS]];
  if (!found?.metadata.labels?.[LABELS.journal] || !manifest || !facts) return undefined;
  const { managedFields, ...rest } = JSON.parse(facts) as Facts;
  const former = JSON.parse(manifest) as Manifest;
  const metadata = { ...former.metadata, ...(managedFields ? { managedFields } : {}) };
  return { ...rest, manifest: { ...former, metadata } };
}

export async function writeJournal(
  api: KubernetesApi,
  workload: ObjectRef,
  { manifest, ...facts }: Journal,
  { resourceUid, fieldManager }: { readonly resourceUid: string; readonly fieldManager: string },
): Promise<void> {
  const { name, namespace } = refOf(workload);
  const { managedFields, ...metadata } = manifest.metadata;
  const { ownerReferences } = metadata;
  await api.apply(
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name,
        ...(namespace ? { namespace } : {}),
        labels: { [LABELS.journal]: resourceUid },
        ...(ownerReferences ? { ownerReferences } : {}),
      },
      data: {
        [MANIFEST]: JSON.stringify({ ...manifest, metadata }),
        [FACTS]: JSON.stringify({ ...facts, managedFields }),
      },
    },
    { fieldManager },
  );
}

export async function removeJournal(api: KubernetesApi, workload: ObjectRef): Promise<void> {
  const ref = refOf(workload);
  const uid = (await api.get(ref))?.metadata.uid;
  if (uid) await api.remove(ref, { uid });
}

/** The workloads of a resource that have a journal: they were being made anew. */
export async function journalledWorkloads(
  api: KubernetesApi,
  resourceUid: string,
  namespace: string | undefined,
): Promise<ObjectRef[]> {
  const { items } = await api.list(
    { group: '', kind: 'ConfigMap' },
    {
      ...(namespace ? { namespace } : {}),
      labelSelector: `${LABELS.journal}=${resourceUid}`,
      metadataOnly: true,
    },
  );
  return items.map(({ metadata: { name, namespace } }) => ({
    group: 'apps',
    kind: 'StatefulSet',
    ...(namespace ? { namespace } : {}),
    name: name.replace(/\.recreation$/, ''),
  }));
}

/** An object as it can be created again: without what the server gives to each anew. */
export function creatable({ metadata, ...object }: Manifest): Manifest {
  const { name, namespace, labels, annotations, ownerReferences, finalizers } = metadata;
  const { status: _, ...rest } = object;
  const held = finalizers?.filter(
    (finalizer) => finalizer !== 'orphan' && finalizer !== 'foregroundDeletion',
  );
  return {
    ...rest,
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: {
      name,
      ...(namespace ? { namespace } : {}),
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ...(ownerReferences ? { ownerReferences } : {}),
      ...(held?.length ? { finalizers: held } : {}),
    },
  };
}
