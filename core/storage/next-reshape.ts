/**
 * How a StatefulSet gets another shape with no pod restarted: its claims grow, it is deleted without its pods, and made anew
 * around them. Where another selector selects none of them, they go too, when somebody approved. There is no program counter:
 * each step follows from what is there, so that a crash between any two loses nothing. What the deletion would lose (the
 * manifest, the replicas, the uids) is written down before, in the journal.
 */
import { ordinalOf } from '../health/claimed-volumes.ts';
import { readCount, readNumber } from '../health/read.ts';
import { statefulSet } from '../health/stateful-set.ts';
import { ANNOTATIONS, COMMANDS, digestOf } from '../labels.ts';
import type { Manifest } from '../manifest.ts';
import type { Reason } from '../reasons.ts';
import { OUR_REASONS } from '../reasons.ts';
import type { SizedClaim } from './claims.ts';
import {
  canExpand,
  claimTemplatesOf,
  hasFailed,
  isLess,
  isTooSmall,
  mustAsk,
  sizedClaims,
} from './claims.ts';
import { claimChange, replacementOf, replacesPods, selectorOf } from './shape.ts';

/** What is written down before a StatefulSet is deleted. */
export interface Journal {
  /** Of the StatefulSet that was deleted, or is about to be. */
  readonly uid: string;
  /** As it was, with its replicas, its pod template and who owns which field. */
  readonly manifest: Manifest;
  /** Names of the pods that it controlled, and their uids. */
  readonly pods: Readonly<Record<string, string>>;
  /** What controlled them: a pod that another controller has by now is no pod of it. */
  readonly controllers?: readonly string[];
  /** The server would not take the new one, so that the old one was put back. */
  readonly refused?: { readonly digest: string; readonly reason: string; readonly message: string };
}

/** All that a step follows from. */
export interface ShapeSight {
  readonly desired: Manifest;
  readonly live: Manifest | undefined;
  readonly journal: Journal | undefined;
  /** All of the workload's claims and pods, and the storage classes by name. */
  readonly claims: readonly Manifest[];
  readonly pods: readonly Manifest[];
  readonly classes: ReadonlyMap<string, Manifest>;
  /** What the server answered to a trial of the desired manifest; undefined when it would take it. */
  readonly refusal: ShapeRefusal | undefined;
  /** What approves a loss of claims, and whether somebody gave it. */
  readonly approval?: { readonly token: string; readonly given: boolean };
  /** What is desired was there before: the claims that it does not have were never its own. */
  readonly goesBack?: boolean;
  /** Epoch milliseconds. */
  readonly now: number;
}

export interface ShapeRefusal {
  /** Recreating cures it. */
  readonly aboutShape: boolean;
  readonly reason: string;
  readonly message: string;
}

export interface Named {
  readonly name: string;
  readonly uid: string;
}

export interface Growth extends Named {
  readonly storage: string;
}

export type ReshapeStep =
  | { readonly kind: 'grow'; readonly claims: readonly Growth[] }
  /** Write the journal, and delete the StatefulSet without its pods. */
  | { readonly kind: 'release'; readonly uid: string }
  /** The same of a workload whose pods go, too: only in its turn. */
  | { readonly kind: 'replace'; readonly uid: string; readonly why: string }
  /** Delete the pods that the former selector selected. */
  | { readonly kind: 'clear'; readonly pods: readonly Named[] }
  /** Make it anew around its pods. */
  | { readonly kind: 'recreate' }
  /** Its pods are adopted: the journal may go. */
  | { readonly kind: 'settle' }
  /** Replace a pod whose file system grows when it starts. */
  | { readonly kind: 'restart'; readonly pod: string; readonly uid: string }
  | { readonly kind: 'wait'; readonly reason: Reason; readonly message: string }
  /** Nothing was touched; somebody must act. */
  | {
      readonly kind: 'refuse';
      readonly reason: string;
      readonly message: string;
      /** What approves it. */
      readonly token?: string;
      /** Who has it, where it belongs to another. */
      readonly holder?: string;
    }
  | { readonly kind: 'done' };

/** The manager of a StatefulSet that was made anew, until its fields are given back to those who owned them. */
export const RECREATION_MANAGER = 'durable-operator-recreation';

/** A kubelet that grows file systems while they are mounted has done so by then. */
export const ONLINE_GROWTH_MS = 120_000;

export function nextReshape(sight: ShapeSight): ReshapeStep {
  const { live, journal } = sight;
  if (!live) return journal ? (clearStep(sight, journal) ?? { kind: 'recreate' }) : { kind: 'done' };
  const { uid = '', name, deletionTimestamp } = live.metadata;
  if (deletionTimestamp) return wait(OUR_REASONS.Recreating, `${live.kind} ${name} is being deleted`);
  if (journal && journal.uid !== uid) return returned(sight, journal, live);
  return refusalOf(sight, live) ?? claimStep(sight) ?? shapeStep(sight, live);
}

/** It was made anew. */
function returned({ pods, desired, ...sight }: ShapeSight, journal: Journal, live: Manifest): ReshapeStep {
  if (live.metadata.managedFields?.some(({ manager }) => manager === RECREATION_MANAGER))
    return { kind: 'recreate' };
  const uids = new Set(Object.values(journal.pods));
  const orphans = pods.filter(
    ({ metadata }) =>
      uids.has(metadata.uid ?? '') &&
      !metadata.deletionTimestamp &&
      !metadata.ownerReferences?.some(({ controller, uid }) => controller && uid === live.metadata.uid),
  );
  if (orphans.length > 0)
    return wait(
      OUR_REASONS.Recreating,
      `${listed(orphans.map(({ metadata }) => metadata.name))} not adopted yet`,
    );
  const { refused } = journal;
  const isSame = refused && refused.digest === digestOf(desired);
  if (isSame && sight.refusal) return { kind: 'refuse', reason: refused.reason, message: refused.message };
  return { kind: 'settle' };
}

/** Pods that no selector selects any more must be gone before others take their names. */
function clearStep(
  { desired, pods }: ShapeSight,
  { manifest, pods: known }: Journal,
): ReshapeStep | undefined {
  if (!replacesPods(desired, manifest)) return undefined;
  const uids = new Set(Object.values(known));
  const left = pods.filter(({ metadata }) => uids.has(metadata.uid ?? ''));
  const staying = left.filter(({ metadata }) => !metadata.deletionTimestamp);
  if (staying.length > 0)
    return { kind: 'clear', pods: staying.map(({ metadata: { name, uid = '' } }) => ({ name, uid })) };
  return left.length === 0
    ? undefined
    : wait(
        OUR_REASONS.Recreating,
        `${listed(left.map(({ metadata }) => metadata.name))} of the former selector are being deleted`,
      );
}

function refusalOf(
  { desired, refusal, approval, pods, goesBack }: ShapeSight,
  live: Manifest,
): ReshapeStep | undefined {
  if (refusal && !refusal.aboutShape) return { kind: 'refuse', ...pick(refusal) };
  const has = claimTemplatesOf(live);
  const wants = claimTemplatesOf(desired);
  for (const { name, storage } of wants) {
    const known = has.find((each) => each.name === name);
    if (known && isLess(storage, known.storage))
      return refuse(
        OUR_REASONS.ClaimWouldShrink,
        `volumeClaimTemplates ${name}: ${storage} is less than the ${known.storage} it has, and a claim cannot shrink; ask for ${known.storage} or more${waitingPods(desired, live)}`,
      );
  }
  const lost = lossOf(desired, live, pods, goesBack);
  if (!lost || approval?.given) return undefined;
  if (!approval) return refuse(OUR_REASONS.ApprovalRequired, lost);
  const { token } = approval;
  const how = `${COMMANDS.approve}=${token} on the resource approves it`;
  return { ...refuse(OUR_REASONS.ApprovalRequired, `${lost}; undo it, or ${how}`), token };
}

/**
 * What recreating would lose, and so is done only when somebody approves: all the pods, which a new selector does not select,
 * and data in claims that no template names any more. Undefined when it loses nothing.
 */
export function lossOf(
  desired: Manifest,
  live: Manifest,
  pods: readonly Manifest[],
  goesBack = false,
): string | undefined {
  const selector = replacesPods(desired, live)
    ? [
        `spec.selector would change from ${selectorOf(live)} to ${selectorOf(desired)}, and all its ${pods.length} pods would be replaced at once`,
      ]
    : [];
  const claims = goesBack ? [] : lostClaims(desired, live);
  return [...selector, ...claims].join('; ') || undefined;
}

/** Claims grow before pods change: what else waits for a growth that is refused, and how to part the two. */
function waitingPods(desired: Manifest, live: Manifest | undefined): string {
  const [wanted, has] = [desired, live].map((each) => each?.metadata.annotations?.[ANNOTATIONS.template]);
  if (wanted === undefined || wanted === has) return '';
  return '. The change of its pod template waits for that; with the former size it is rolled out alone';
}

function lostClaims(desired: Manifest, live: Manifest): readonly string[] {
  const { added, gone } = claimChange(desired, live);
  const names = gone.join(', ');
  if (gone.length === 0) return [];
  if (added.length === 0)
    return [
      `volumeClaimTemplates ${names} would go, and pods would start without the data in those claims, which are kept`,
    ];
  return [
    `volumeClaimTemplates ${names} would go, and new empty claims ${added.join(', ')} take their place: the data in ${names} is not moved, and those claims are kept`,
  ];
}

function claimStep({ desired, live, claims, classes }: ShapeSight): ReshapeStep | undefined {
  const sized = sizedClaims(desired, claims);
  const asking = sized.filter(mustAsk);
  const [stiff] = asking.filter(({ className }) => !canExpand(classes.get(className)));
  if (stiff)
    return refuse(
      OUR_REASONS.ClassCannotExpand,
      `PersistentVolumeClaim ${stiff.name}: its StorageClass ${stiff.className || '""'} has no allowVolumeExpansion, so it stays at ${stiff.requested}; allow it there, or ask for ${stiff.requested}${waitingPods(desired, live)}`,
    );
  if (asking.length > 0)
    return { kind: 'grow', claims: asking.map(({ name, uid, wanted }) => ({ name, uid, storage: wanted })) };
  const [failed] = sized.filter(hasFailed);
  if (failed)
    return refuse(
      OUR_REASONS.ResizeFailed,
      `PersistentVolumeClaim ${failed.name}: ${failed.resize}, ${progressOf(failed)}; ask for less (more than ${failed.capacity}), or resize the volume by hand${waitingPods(desired, live)}`,
    );
  const growing = sized.filter((claim) => isTooSmall(claim) && claim.fileSystemPendingSince === undefined);
  return growing.length === 0 ? undefined : wait(OUR_REASONS.Resizing, growing.map(progressOf).join(', '));
}

function shapeStep(sight: ShapeSight, live: Manifest): ReshapeStep {
  const { uid = '' } = live.metadata;
  const why = replacementOf(sight.desired, live);
  if (sight.refusal) return why ? { kind: 'replace', uid, why } : { kind: 'release', uid };
  return fileSystemStep(sight) ?? { kind: sight.journal ? 'settle' : 'done' };
}

/** A file system that does not grow while it is mounted grows when its pod starts: one pod after the other. */
function fileSystemStep({ desired, live, claims, pods, now }: ShapeSight): ReshapeStep | undefined {
  const first = readCount(live, 'spec', 'ordinals', 'start');
  const beyond = first + (readNumber(live, 'spec', 'replicas') ?? 1);
  // One that no pod has now grows whenever there is one.
  const pending = sizedClaims(desired, claims).filter(
    (claim) =>
      isTooSmall(claim) &&
      claim.fileSystemPendingSince !== undefined &&
      claim.ordinal >= first &&
      claim.ordinal < beyond,
  );
  if (!live || pending.length === 0) return undefined;
  const message = `${pending.map(progressOf).join(', ')}: the file system is yet to grow`;
  const since = Math.max(...pending.map(({ fileSystemPendingSince = 0 }) => fileSystemPendingSince));
  if (now < since + ONLINE_GROWTH_MS) return wait(OUR_REASONS.Resizing, message);
  const health = statefulSet(live, pods, { now });
  const last = Math.max(...pending.map(({ ordinal }) => ordinal));
  const pod = pods.find((each) => !each.metadata.deletionTimestamp && ordinalOf(each.metadata.name) === last);
  if (!pod || health.state !== 'Current') return wait(OUR_REASONS.Resizing, `${message}; ${health.message}`);
  return { kind: 'restart', pod: pod.metadata.name, uid: pod.metadata.uid ?? '' };
}

function progressOf({ name, bound, capacity, wanted }: SizedClaim): string {
  return bound ? `${name}: ${capacity} of ${wanted} there` : `${name} is not bound yet`;
}

function pick({ reason, message }: ShapeRefusal): { reason: string; message: string } {
  return { reason, message };
}

function listed(names: readonly string[]): string {
  return names.length > 4
    ? `${names.slice(0, 4).join(', ')} and ${names.length - 4} more pods`
    : `pods ${names.join(', ')}`;
}

function wait(reason: Reason, message: string): ReshapeStep {
  return { kind: 'wait', reason, message };
}

function refuse(reason: Reason, message: string): Extract<ReshapeStep, { kind: 'refuse' }> {
  return { kind: 'refuse', reason, message };
}
