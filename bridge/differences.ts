import type { OwnedObjects } from './owned-objects.ts';
import { fingerprintOf, needsLook } from './needs-look.ts';
import type { References } from './references.ts';
import type { KnownResource } from './resources.ts';
import { kindsOf, statusOf } from './resources.ts';
import type { Watches } from './watches.ts';

export interface DifferencesParts {
  readonly objects: OwnedObjects;
  readonly references: References;
  readonly watches: Watches;
}

/** What of each resource is not as its status says. A difference that a look does not end is told once. */
export class Differences {
  readonly #parts: DifferencesParts;
  readonly #told = new Map<string, string>();

  constructor(parts: DifferencesParts) {
    this.#parts = parts;
  }

  forget(workflowId: string): void {
    this.#told.delete(workflowId);
  }

  clear(): void {
    this.#told.clear();
  }

  /** Whether there is a difference that its workflow was not told of; from now on it was. */
  take(resource: KnownResource): boolean {
    const { workflowId, uid, manifest } = resource;
    const { objects, references, watches } = this.#parts;
    const status = statusOf(resource);
    const owned = [...objects.ownedBy(uid), ...objects.ownedBy(workflowId)].filter(
      ({ lean: { resourceUid } }) => resourceUid === undefined || resourceUid === uid,
    );
    const others = references.differenceOf(workflowId);
    const complete = others !== undefined && kindsOf(resource).every((kind) => watches.isSynced(kind));
    if (others === '' && !needsLook({ manifest, status, owned, complete })) {
      this.forget(workflowId);
      return false;
    }
    const isReady =
      status.conditions?.some(({ type, status: word }) => type === 'Ready' && word === 'True') ?? false;
    const difference = [
      manifest.metadata.generation,
      status.inventory?.fingerprint,
      fingerprintOf(manifest, owned),
      others,
    ].join();
    if (isReady && this.#told.get(workflowId) === difference) return false;
    this.#told.set(workflowId, difference);
    return true;
  }
}
