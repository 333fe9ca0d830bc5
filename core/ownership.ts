/**
 * To which resource an object belongs. Whoever applies, deletes, replaces, judges or remembers an object asks here first: two
 * resources may ask for one name, and only one of them may have the object.
 *
 * A controller reference decides, since the garbage collector follows it. Where an object can have none (it has no namespace,
 * lives in another one, or outlives its resource), an annotation names the resource and a label has its uid.
 */
import { ANNOTATIONS, LABELS, labelValue } from './labels.ts';
import type { Manifest } from './manifest.ts';
import type { ObjectRef } from './refs.ts';
import { groupOf, objectKey, parseObjectKey } from './refs.ts';

/** A resource and its uid: another uid under the same name is another resource. */
export interface Claimant extends ObjectRef {
  readonly uid: string;
}

/** The resource, or another controller, that has an object. */
export interface Holder extends ObjectRef {
  /** Absent on what was kept when it was no longer desired. */
  readonly uid?: string;
  /** Whether the garbage collector deletes the object when its holder is gone. */
  readonly isCollected: boolean;
}

export type Ownership =
  | { readonly kind: 'ours' }
  | { readonly kind: 'free' }
  /** Of a resource that had this name before. */
  | { readonly kind: 'former' }
  | { readonly kind: 'other'; readonly holder: Holder };

export function ownershipOf(live: Manifest, resource: Claimant): Ownership {
  const holder = holderOf(live);
  if (!holder) return { kind: 'free' };
  if (holder.uid === resource.uid) return { kind: 'ours' };
  if (!isNamesake(holder, resource)) return { kind: 'other', holder };
  return { kind: holder.uid === undefined ? 'ours' : 'former' };
}

/** Whether an object belongs to another resource or controller, so that it must be left alone. */
export function isOfAnother(live: Manifest, resource: Claimant): boolean {
  return ownershipOf(live, resource).kind === 'other';
}

/** Undefined for an object that says of no resource that it belongs to it. */
export function holderOf(live: Manifest): Holder | undefined {
  const { namespace, annotations, labels } = live.metadata;
  const controller = controllerOf(live);
  if (controller) {
    const { apiVersion, kind, name, uid } = controller;
    const place = namespace === undefined ? {} : { namespace };
    return { group: groupOf(apiVersion), kind, ...place, name, uid, isCollected: true };
  }
  const named = annotations?.[ANNOTATIONS.owner];
  if (!named) return undefined;
  const uid = labels?.[LABELS.resource];
  return { ...parseObjectKey(named, undefined), ...(uid ? { uid } : {}), isCollected: false };
}

type Controller = NonNullable<Manifest['metadata']['ownerReferences']>[number];

export function controllerOf({ metadata }: Manifest): Controller | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller);
}

/** A controller reference does not say whether its owner has a namespace. */
function isNamesake(holder: Holder, { group, kind, namespace, name }: Claimant): boolean {
  const isThere = holder.namespace === namespace || (holder.isCollected && namespace === undefined);
  return holder.group === group && holder.kind === kind && holder.name === name && isThere;
}

/** Who has an object, in one word: a watch that sees another word says so to the resource that was refused. */
export function holderWord(live: Manifest): string {
  const controller = controllerOf(live);
  return `${HELD_BY}${controller?.uid ?? live.metadata.annotations?.[ANNOTATIONS.owner] ?? '-'}`;
}

/** Whether a word is one of {@link holderWord}. */
export function isHolderWord(word: string): boolean {
  return word.startsWith(HELD_BY);
}

const HELD_BY = 'held by ';

/** The resource as the annotation of its objects names it: `Pinot.datainfra.io/default/p1`. */
export function identityOf(resource: ObjectRef): string {
  return objectKey(resource, undefined);
}

/** The same as a label, on pods and in selectors: no name has an underscore, so no two resources share one. */
export function ownerLabel(resource: ObjectRef): string {
  return labelValue(identityOf(resource).replaceAll('/', '_'));
}

/** The resource of an object that must not be taken from it, and the one that asks for it, in words that say what to do. */
export function conflictMessage(
  live: Manifest,
  holder: Holder,
  resource: ObjectRef,
  isLiving: boolean,
): string {
  const [theirs, ours] = [titleOf(holder), titleOf(resource)];
  if (isLiving)
    return `belongs to ${theirs}, and ${ours} asks for the same name; rename one of the two, or the part that gives the object its name, or delete ${theirs}`;
  if (holder.isCollected)
    return `belongs to ${theirs}, which is gone; ${ours} creates it when the garbage collector has deleted it`;
  const { name, namespace } = live.metadata;
  const place = namespace === undefined ? '' : ` -n ${namespace}`;
  return `was left by ${theirs}, which is gone, and ${ours} does not take it by itself; hand it over with kubectl annotate ${live.kind.toLowerCase()} ${name}${place} ${ANNOTATIONS.owner}-, or delete it`;
}

/** A claim that pods of `resource` would mount, and that was made for another. */
export function takenClaimMessage(claim: Manifest, resource: ObjectRef): string {
  const { name, namespace, labels } = claim.metadata;
  const place = namespace === undefined ? '' : ` -n ${namespace}`;
  return `its pods would mount PersistentVolumeClaim ${name}, which was made for ${labels?.[LABELS.owner] ?? 'another'} and not for ${titleOf(resource)}; hand it over with kubectl label pvc ${name}${place} ${LABELS.owner}-, or delete it`;
}

function titleOf({ kind, namespace, name }: ObjectRef): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}
