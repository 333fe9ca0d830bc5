/** What the bridge keeps of an object: all that a health rule reads and all that tells a deviation, and nothing else. */
import { digestOn, hashOfFields, ownedFieldSet, textOfFields } from '../core/fields.ts';
import { ANNOTATIONS, LABELS } from '../core/labels.ts';
import type { Manifest } from '../core/manifest.ts';
import { controllerOf, holderOf } from '../core/ownership.ts';
import { isScalable } from '../core/plan/categories.ts';
import type { KindRef, ObjectRef } from '../core/refs.ts';
import { groupOf } from '../core/refs.ts';
import { ownsReplicas } from '../core/replicas.ts';

/** An owned object as it was last heard of. */
export interface LeanObject {
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly generation: number | undefined;
  readonly deleting: boolean;
  /** The uid of the resource it belongs to. */
  readonly owner: string | undefined;
  /** Of the resource it was applied for. */
  readonly resourceUid: string | undefined;
  readonly applied: AppliedFields;
  /** Absent where only metadata is watched: there is nothing to judge. */
  readonly judged: Manifest | undefined;
}

/** What of an object is ours, by the API server's own books. */
export interface AppliedFields {
  readonly digest: string | undefined;
  /** Of the resource, when it was applied; 0 when it does not say. */
  readonly generation: number;
  /** `ownedFields`; empty when nothing is ours. */
  readonly hash: string;
  /** Length of the set in its JSON: a set that shrank is shorter. */
  readonly size: number;
  readonly ownsDigest: boolean;
  /** Never, where replicas are not ours or cannot be scaled. */
  readonly ownsReplicas: boolean;
}

/** In a resource as it is kept: the one line of the API server's books that is of use. */
const CHANGED_AT = 'changedAt';

/** The resource, without the books that only the API server needs. */
export function leanResource(object: Manifest): Manifest {
  const { managedFields = [], ...metadata } = object.metadata;
  const written = managedFields
    .filter(({ fieldsV1 }) => 'f:spec' in (fieldsV1 ?? {}))
    .map(({ time }) => time);
  const times = [metadata.creationTimestamp, metadata.deletionTimestamp, ...written].flatMap((time) =>
    time === undefined ? [] : [Date.parse(time)],
  );
  return { ...object, metadata, ...(times.length > 0 ? { [CHANGED_AT]: Math.max(...times) } : {}) };
}

/** When the spec of a resource that is kept was last written, or its deletion asked for; in epoch milliseconds. */
export function changedAt(resource: Manifest): number | undefined {
  return resource[CHANGED_AT] as number | undefined;
}

export function leanObject(
  object: Manifest,
  operator: { readonly name: string } & KindRef,
  metadataOnly: boolean,
): LeanObject {
  const { metadata } = object;
  const { namespace, name, uid = '', labels, generation } = metadata;
  return {
    ref: {
      group: groupOf(object.apiVersion),
      kind: object.kind,
      ...(namespace === undefined ? {} : { namespace }),
      name,
    },
    uid,
    generation,
    deleting: metadata.deletionTimestamp !== undefined,
    owner: ownerOf(object, operator),
    resourceUid: labels?.[LABELS.resource],
    applied: appliedFields(object, operator.name),
    judged: metadataOnly ? undefined : leanManifest(object),
  };
}

/** Undefined for what belongs to something else than a resource of the operator. */
function ownerOf(object: Manifest, { group, kind }: KindRef): string | undefined {
  const holder = holderOf(object);
  return holder?.kind === kind && holder.group === group ? holder.uid : undefined;
}

interface FieldSet {
  readonly 'f:metadata'?: { readonly 'f:annotations'?: Readonly<Record<string, unknown>> };
}

function appliedFields(object: Manifest, manager: string): AppliedFields {
  const fields: FieldSet | undefined = ownedFieldSet(object, manager);
  const text = textOfFields(fields);
  const digest = digestOn(object);
  return {
    digest,
    generation: Number(object.metadata.annotations?.[ANNOTATIONS.generation] ?? 0),
    hash: hashOfFields(text, digest),
    size: text.length,
    ownsReplicas: isScalable(object) && ownsReplicas(object, manager),
    ownsDigest: fields?.['f:metadata']?.['f:annotations']?.[`f:${ANNOTATIONS.digest}`] !== undefined,
  };
}

/** Pod templates and our own annotations are most of a workload, and say nothing of its health. */
function leanManifest(object: Manifest): Manifest {
  const { managedFields: _, ...metadata } = object.metadata;
  const { template: _template, ...spec } = isRecord(object['spec']) ? object['spec'] : {};
  return { apiVersion: object.apiVersion, kind: object.kind, metadata, spec, status: object['status'] };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** A pod as a workload's verdict needs it. */
export interface LeanPod {
  readonly uid: string;
  /** {@link workloadId} of the workload that runs it; empty for a pod that nobody runs. */
  readonly workload: string;
  readonly pod: Manifest;
}

export function leanPod({ apiVersion, kind, metadata, status, ...object }: Manifest): LeanPod {
  const { managedFields: _, annotations: _annotations, ...kept } = metadata;
  const controller = controllerOf({ apiVersion, kind, metadata });
  return {
    uid: metadata.uid ?? '',
    workload: controller ? workloadId(metadata.namespace, ...workloadOf(controller, metadata.labels)) : '',
    pod: { apiVersion, kind, metadata: kept, ...claimedVolumes(object['spec']), status },
  };
}

/** The volumes of claims, without which a StatefulSet's controller does not go on. */
function claimedVolumes(spec: unknown): { readonly spec?: object } {
  if (!isRecord(spec) || !Array.isArray(spec['volumes'])) return {};
  const volumes = (spec['volumes'] as readonly unknown[]).filter(
    (volume) => isRecord(volume) && volume['persistentVolumeClaim'] !== undefined,
  );
  return { spec: { volumes } };
}

/** Where pods find their workload: `<namespace>/<kind>/<name>`. */
export function workloadId(namespace: string | undefined, kind: string, name: string): string {
  return `${namespace ?? ''}/${kind}/${name}`;
}

/** A Deployment's ReplicaSet is named `<deployment>-<pod-template-hash>`. */
function workloadOf(
  controller: { readonly kind: string; readonly name: string },
  labels: Manifest['metadata']['labels'],
): [kind: string, name: string] {
  const hash = labels?.['pod-template-hash'];
  if (controller.kind === 'ReplicaSet' && hash && controller.name.endsWith(`-${hash}`))
    return ['Deployment', controller.name.slice(0, -hash.length - 1)];
  return [controller.kind, controller.name];
}
