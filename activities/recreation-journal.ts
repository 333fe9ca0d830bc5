/**
 * What is written down before a StatefulSet is deleted without its pods, or a workload to be replaced with them: a ConfigMap
 * beside it, so that whoever finds pods with no StatefulSet, our program or a person, can make it anew exactly as it was:
 * `kubectl get cm <name>.recreation -o jsonpath='{.data.statefulset\.json}' | kubectl create -f -`.
 */
import { ANNOTATIONS, LABELS } from '../core/labels.ts';
import type { Manifest } from '../core/manifest.ts';
import type { Claimant } from '../core/ownership.ts';
import { identityOf } from '../core/ownership.ts';
import type { ObjectRef } from '../core/refs.ts';
import { kindName, parseKindName } from '../core/refs.ts';
import type { Journal } from '../core/storage/next-reshape.ts';
import type { CallOptions, KubernetesApi } from '../kubernetes/api.ts';

const FACTS = 'facts.json';

type Facts = Pick<Journal, 'uid' | 'pods' | 'controllers' | 'refused'> & {
  readonly managedFields: Manifest['metadata']['managedFields'];
};

const SUFFIX = '.recreation';

/** Of a Deployment `<name>.deployment.recreation`, so that it is no StatefulSet's of the same name. */
function refOf({ kind, namespace, name }: ObjectRef): ObjectRef {
  const place = namespace ? { namespace } : {};
  return { group: '', kind: 'ConfigMap', ...place, name: `${name}${infixOf(kind)}${SUFFIX}` };
}

function infixOf(kind: string): string {
  return kind === 'StatefulSet' ? '' : `.${kind.toLowerCase()}`;
}

function manifestIn({ kind }: ObjectRef): string {
  return `${kind.toLowerCase()}.json`;
}

/** What the resource wrote down; another one's is nothing to it. */
export async function readJournal(
  api: KubernetesApi,
  workload: ObjectRef,
  resourceUid: string,
): Promise<Journal | undefined> {
  const found = await api.get(refOf(workload));
  const data = (found?.['data'] ?? {}) as Readonly<Record<string, string>>;
  const [manifest, facts] = [data[manifestIn(workload)], data[FACTS]];
  if (found?.metadata.labels?.[LABELS.journal] !== resourceUid || !manifest || !facts) return undefined;
  const { managedFields, ...rest } = JSON.parse(facts) as Facts;
  const former = JSON.parse(manifest) as Manifest;
  const metadata = { ...former.metadata, ...(managedFields ? { managedFields } : {}) };
  return { ...rest, manifest: { ...former, metadata } };
}

/** What says which resource recreates the workload at this moment. */
export async function journalHeader(
  api: KubernetesApi,
  workload: ObjectRef,
  options: CallOptions = {},
): Promise<Manifest | undefined> {
  const found = await api.get(refOf(workload), { ...options, metadataOnly: true });
  return found?.metadata.labels?.[LABELS.journal] ? found : undefined;
}

export async function writeJournal(
  api: KubernetesApi,
  workload: ObjectRef,
  { manifest, ...facts }: Journal,
  { claimant, fieldManager }: { readonly claimant: Claimant; readonly fieldManager: string },
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
        labels: { [LABELS.journal]: claimant.uid, [LABELS.resource]: claimant.uid },
        annotations: {
          [ANNOTATIONS.journalOf]: kindName(workload),
          [ANNOTATIONS.owner]: identityOf(claimant),
        },
        ...(ownerReferences ? { ownerReferences } : {}),
      },
      data: {
        [manifestIn(workload)]: JSON.stringify({ ...manifest, metadata }),
        [FACTS]: JSON.stringify({ ...facts, managedFields }),
      },
    },
    { fieldManager },
  );
}

export async function removeJournal(
  api: KubernetesApi,
  workload: ObjectRef,
  resourceUid: string,
): Promise<void> {
  const ref = refOf(workload);
  const { uid, labels } = (await api.get(ref, { metadataOnly: true }))?.metadata ?? {};
  if (uid && labels?.[LABELS.journal] === resourceUid) await api.remove(ref, { uid });
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
  return items.map(({ metadata: { name, namespace, annotations = {} } }) => {
    const kind = parseKindName(annotations[ANNOTATIONS.journalOf] ?? 'StatefulSet.apps');
    const place = namespace ? { namespace } : {};
    return { ...kind, ...place, name: name.slice(0, -`${infixOf(kind.kind)}${SUFFIX}`.length) };
  });
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
