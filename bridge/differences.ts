import { askedFingerprint } from '../core/asked.ts';
import { shortHash } from '../core/hash.ts';
import type { ResourceStatus } from '../core/status/resource-status.ts';
import { isAsWritten, statusFingerprint } from '../core/status/written.ts';
import type { OwnedObject, OwnedObjects } from './owned-objects.ts';
import { fingerprintOf, needsLook } from './needs-look.ts';
import { isIgnored } from './predicates.ts';
import type { References } from './references.ts';
import type { KnownResource } from './resources.ts';
import { kindsOf, statusOf } from './resources.ts';
import type { Watches } from './watches.ts';

export interface DifferencesParts {
  readonly objects: OwnedObjects;
  readonly references: References;
  readonly watches: Watches;
}

/** Whoever writes a status again and again shall not make a workflow do the same. */
const BETWEEN_REPAIRS_MS = 60_000;

/** What of each resource is not as its status says. A difference that a look does not end is told once. */
export class Differences {
  readonly #parts: DifferencesParts;
  readonly #told = new Map<string, string>();
  /** When a workflow was last told that its status was changed. */
  readonly #repairedAt = new Map<string, number>();

  constructor(parts: DifferencesParts) {
    this.#parts = parts;
  }

  forget(workflowId: string): void {
    this.#told.delete(workflowId);
    this.#repairedAt.delete(workflowId);
  }

  clear(): void {
    this.#told.clear();
  }

  /** Whether another hand changed its status, and its workflow was not told so a moment ago. @param now milliseconds. */
  isOverwritten({ workflowId, manifest }: KnownResource, now: number): boolean {
    if (isIgnored(manifest) || isAsWritten(manifest['status'])) return false;
    if (now - (this.#repairedAt.get(workflowId) ?? -Infinity) < BETWEEN_REPAIRS_MS) return false;
    this.#repairedAt.set(workflowId, now);
    return true;
  }

  /** Whether there is a difference that its workflow was not told of; from now on it was. */
  take(resource: KnownResource): boolean {
    const { workflowId, uid, manifest } = resource;
    const { objects, references, watches } = this.#parts;
    const status = statusOf(resource);
    const owned = [...objects.ownedBy(uid)].filter(
      ({ lean: { resourceUid } }) => resourceUid === undefined || resourceUid === uid,
    );
    const others = references.differenceOf(workflowId);
    const complete = others !== undefined && kindsOf(resource).every((kind) => watches.isSynced(kind));
    if (others === '' && !needsLook({ manifest, status, owned, complete })) {
      this.#told.delete(workflowId);
      return false;
    }
    const difference = [
      manifest.metadata.generation,
      askedFingerprint(manifest.metadata),
      status.inventory?.fingerprint,
      fingerprintOf(manifest, owned),
      others,
      ...(isAsWritten(manifest['status']) ? [] : [statusFingerprint(manifest['status'])]),
    ].join();
    // What waits is told again when something became of an object, and not because another period went by.
    const verdicts =
      isReady(status) || !isSettled(resource, complete)
        ? undefined
        : `${statusFingerprint(manifest['status'])} ${verdictsOf(owned)}`;
    const word = `${difference} ${verdicts ?? ''}`;
    if ((isReady(status) || verdicts !== undefined) && this.#told.get(workflowId) === word) return false;
    this.#told.set(workflowId, word);
    return true;
  }
}

/** Whether its workflow has said of this generation, and of all that was asked, what it waits for, and everything it has is known. */
function isSettled(resource: KnownResource, complete: boolean): boolean {
  const { manifest } = resource;
  const { observedGeneration, inventory } = statusOf(resource);
  const { generation } = manifest.metadata;
  return (
    complete &&
    observedGeneration === generation &&
    inventory?.written !== undefined &&
    askedFingerprint(manifest.metadata) === (inventory.commands ?? '')
  );
}

function isReady({ conditions = [] }: Partial<ResourceStatus>): boolean {
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

function verdictsOf(owned: readonly OwnedObject[]): string {
  const lines = owned.map(({ lean, verdict: { state, reason, message } }) =>
    [lean.uid, state, reason, message].join(' '),
  );
  return shortHash(lines.sort().join('\n'));
}
