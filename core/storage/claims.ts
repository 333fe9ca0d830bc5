/** The claims of a StatefulSet's pods: which they are, how large they are, and how large they should be. */
import { ordinalOf } from '../health/claimed-volumes.ts';
import { quantity } from '../health/quantity.ts';
import { read, readCount, readMany, readNumber, readText, trueCondition } from '../health/read.ts';
import type { Manifest } from '../manifest.ts';

/** One of `spec.volumeClaimTemplates`. */
export interface ClaimTemplate {
  readonly name: string;
  /** The quantity as it is written; empty when it asks for none. */
  readonly storage: string;
}

/** A live claim, beside what its template asks for. */
export interface SizedClaim {
  readonly name: string;
  readonly uid: string;
  /** Of the pod it belongs to; -1 for a claim of its own. */
  readonly ordinal: number;
  readonly className: string;
  readonly bound: boolean;
  readonly wanted: string;
  readonly requested: string;
  readonly capacity: string;
  /** `allocatedResourceStatuses` of its storage, for example `ControllerResizeInfeasible`; empty when none is under way. */
  readonly resize: string;
  /** Since when only the file system waits to be grown, which some drivers do when the pod starts; epoch milliseconds. */
  readonly fileSystemPendingSince: number | undefined;
}

export function claimTemplatesOf(statefulSet: Manifest): readonly ClaimTemplate[] {
  return readMany(statefulSet, 'spec', 'volumeClaimTemplates').map((template) => ({
    name: readText(template, 'metadata', 'name'),
    storage: textOf(read(template, 'spec', 'resources', 'requests', 'storage')),
  }));
}

/** What the claim templates of a StatefulSet ask for, in bytes; of others nothing. */
export function claimSizes(manifest: Manifest): { readonly claims?: Readonly<Record<string, number>> } {
  const templates = manifest.kind === 'StatefulSet' ? claimTemplatesOf(manifest) : [];
  if (templates.length === 0) return {};
  return { claims: Object.fromEntries(templates.map(({ name, storage }) => [name, quantity(storage) ?? 0])) };
}

/** The claims that the pods of a StatefulSet have or had: `<template>-<StatefulSet>-<ordinal>` and no others. */
export function sizedClaims(desired: Manifest, claims: readonly Manifest[]): readonly SizedClaim[] {
  return claimTemplatesOf(desired).flatMap(({ name, storage }) =>
    claims
      .filter(({ metadata }) => isOfTemplate(name, desired, metadata.name))
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map((claim) => sizedClaim(claim, storage)),
  );
}

/** The claims that the pods of a live StatefulSet mount by its desired templates; none for another kind. */
export function claimNamesOf(statefulSet: Manifest, live: Manifest): readonly string[] {
  const first = readCount(live, 'spec', 'ordinals', 'start');
  const replicas = readNumber(live, 'spec', 'replicas') ?? 1;
  const ordinals = Array.from({ length: replicas }, (_, index) => first + index);
  return claimTemplatesOf(statefulSet).flatMap(({ name }) =>
    ordinals.map((ordinal) => `${name}-${statefulSet.metadata.name}-${ordinal}`),
  );
}

/** Whether pods of the StatefulSet mount a claim of this name. */
export function isClaimOf(statefulSet: Manifest, claim: string): boolean {
  return claimTemplatesOf(statefulSet).some(({ name }) => isOfTemplate(name, statefulSet, claim));
}

function isOfTemplate(template: string, { metadata }: Manifest, claim: string): boolean {
  const prefix = `${template}-${metadata.name}-`;
  return claim.startsWith(prefix) && /^\d+$/.test(claim.slice(prefix.length));
}

/** The size of one claim, beside `wanted`. */
export function sizedClaim(claim: Manifest, wanted: string): SizedClaim {
  const pending = trueCondition(claim, 'FileSystemResizePending');
  return {
    name: claim.metadata.name,
    uid: claim.metadata.uid ?? '',
    ordinal: ordinalOf(claim.metadata.name),
    className: readText(claim, 'spec', 'storageClassName'),
    bound: readText(claim, 'status', 'phase') === 'Bound',
    wanted,
    requested: textOf(read(claim, 'spec', 'resources', 'requests', 'storage')),
    capacity: textOf(read(claim, 'status', 'capacity', 'storage')),
    resize: readText(claim, 'status', 'allocatedResourceStatuses', 'storage'),
    fileSystemPendingSince: pending ? (pending.since ?? 0) : undefined,
  };
}

/** Whether one quantity is less than another; nothing is less than what is no quantity. */
export function isLess(one: string, other: string): boolean {
  return (quantity(one) ?? 0) < (quantity(other) ?? 0);
}

/** Whether there is less than is wanted; of a claim without a volume, whether it asks for less. */
export function isTooSmall({ bound, capacity, requested, wanted }: SizedClaim): boolean {
  return isLess(bound ? capacity : requested, wanted);
}

/**
 * Whether its request must be written: it asks for less than is wanted; or for more, and the driver has not got there. A request
 * may be lowered as long as it stays above the capacity, which is how an expansion that cannot succeed is taken back.
 */
export function mustAsk(claim: SizedClaim): boolean {
  if (!claim.bound) return false;
  return (
    isLess(claim.requested, claim.wanted) || (isTooSmall(claim) && isLess(claim.wanted, claim.requested))
  );
}

/** The driver gave up: waiting does not help. */
export function hasFailed(claim: SizedClaim): boolean {
  return isTooSmall(claim) && /(Infeasible|Failed)$/.test(claim.resize);
}

export function canExpand(storageClass: Manifest | undefined): boolean {
  return read(storageClass, 'allowVolumeExpansion') === true;
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? `${value}` : '';
}
