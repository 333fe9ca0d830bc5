import type { ResourceDefinition } from '../api/resource.ts';
import type { Manifest } from '../core/manifest.ts';
import type { ResourceRef } from '../core/refs.ts';
import { workflowIdOf } from '../core/refs.ts';
import { isAtLeast } from '../core/resource-version.ts';
import { readStatus } from '../core/status/read-status.ts';
import type { ResourceStatus } from '../core/status/resource-status.ts';
import type { Hint } from '../core/hint.ts';

/** A resource of the operator as the bridge knows it. */
export interface KnownResource {
  readonly ref: ResourceRef;
  readonly workflowId: string;
  readonly uid: string;
  readonly manifest: Manifest;
}

/** Answers from a cache that is at least as new as what was seen, or not at all. */
export interface ResourceReader {
  get(resource: ResourceRef, seen: Hint['resource']): Manifest | undefined;
}

/** The resources of one operator, by workflow id and by uid. */
export class Resources implements ResourceReader {
  readonly #definition: ResourceDefinition;
  readonly #byId = new Map<string, KnownResource>();
  readonly #byUid = new Map<string, KnownResource>();

  constructor(definition: ResourceDefinition) {
    this.#definition = definition;
  }

  get size(): number {
    return this.#byId.size;
  }

  values(): KnownResource[] {
    return [...this.#byId.values()];
  }

  get(resource: ResourceRef, seen: Hint['resource']): Manifest | undefined {
    const known = this.#byId.get(workflowIdOf(resource));
    if (!known || !seen || known.uid !== seen.uid) return undefined;
    const { generation = 0, resourceVersion = '' } = known.manifest.metadata;
    // Labels and annotations change without a generation: only the version tells that they are known.
    const isNewEnough = seen.resourceVersion === '' || isAtLeast(resourceVersion, seen.resourceVersion);
    return generation >= seen.generation && isNewEnough ? known.manifest : undefined;
  }

  /** By the uid that ownerReferences carry, or by the workflow id that stands in the annotation. */
  ofOwner(owner: string): KnownResource | undefined {
    return this.#byUid.get(owner) ?? this.#byId.get(owner);
  }

  of(manifest: Manifest): KnownResource {
    const { group, version, kind, plural } = this.#definition;
    const { namespace, name, uid = '' } = manifest.metadata;
    const ref: ResourceRef = {
      group,
      version,
      kind,
      plural,
      ...(namespace === undefined ? {} : { namespace }),
      name,
    };
    return { ref, workflowId: workflowIdOf(ref), uid, manifest };
  }

  put(resource: KnownResource): void {
    const older = this.#byId.get(resource.workflowId);
    if (older && older.uid !== resource.uid) this.#byUid.delete(older.uid);
    this.#byId.set(resource.workflowId, resource);
    this.#byUid.set(resource.uid, resource);
  }

  /** Answers whether it was known; another one may have its name already. */
  remove({ workflowId, uid }: KnownResource): boolean {
    this.#byUid.delete(uid);
    return this.#byId.get(workflowId)?.uid === uid && this.#byId.delete(workflowId);
  }
}

export function statusOf({ manifest }: KnownResource): Partial<ResourceStatus> {
  return readStatus(manifest);
}

export function kindsOf(resource: KnownResource): readonly string[] {
  return statusOf(resource).inventory?.kinds ?? [];
}

export function hasExternals(resource: KnownResource): boolean {
  return (statusOf(resource).inventory?.externals ?? []).length > 0;
}

/** What a hint says of a resource. */
export function seenOf({ uid, manifest }: KnownResource): NonNullable<Hint['resource']> {
  const { generation = 0, resourceVersion = '' } = manifest.metadata;
  return { uid, generation, resourceVersion };
}
