/** Which changes of an owned object its workflow must hear of. Pure. */
import type { Health } from '../core/health/health.ts';
import type { AppliedFields } from './lean-objects.ts';

export const NEWS = {
  /** The verdict is final: Current, Failed (for another reason than before) or Suspended. */
  Turned: 'Turned',
  /** It was Current and is not any more, and nobody asked for another one: it may be a blip. */
  Left: 'Left',
  /** It is on its way, and what it waits for is another than before: worth a look if it stays so. */
  Lingers: 'Lingers',
  /** Somebody changed or took what we applied, or it has another autoscaler than before. */
  Deviates: 'Deviates',
  Gone: 'Gone',
} as const;

export type News = keyof typeof NEWS;

/** An owned object with its verdict. */
export interface Judged {
  readonly generation: number | undefined;
  readonly applied: AppliedFields;
  /** Who scales it in the operator's place. */
  readonly scaler?: string | undefined;
  /** Of a StatefulSet of which a canary is shown: its partition must follow them. */
  readonly replicas?: number | undefined;
  readonly verdict: Pick<Health, 'state' | 'reason' | 'message'>;
  /** Whether its verdict comes with time; a ConfigMap is Current as soon as it is there, and its apply said so. */
  readonly develops: boolean;
}

/**
 * @param listed it was found by a list, so that verdicts it had meanwhile were not told.
 */
export function newsOf(before: Judged | undefined, after: Judged, listed: boolean): News | undefined {
  if (before && (deviates(before.applied, after.applied) || isScaled(before, after))) return NEWS.Deviates;
  if (hasTurned(before, after, listed)) return NEWS.Turned;
  if (before && hasLeft(before, after)) return NEWS.Left;
  return lingers(before, after) ? NEWS.Lingers : undefined;
}

function isOurs({ digest, ownsDigest }: AppliedFields): boolean {
  return digest !== undefined && ownsDigest;
}

/**
 * The set of our fields shrank although we applied nothing: the digest is what it was. A set that grows back is our own
 * repair. A digest that is there and not ours was written by somebody else, and one of an older generation by an apply of
 * ours that arrived when a newer one had been done.
 */
function deviates(before: AppliedFields, after: AppliedFields): boolean {
  if (!isOurs(after)) return isOurs(before);
  if (isOurs(before) && after.generation > 0 && after.generation < before.generation) return true;
  if (!isOurs(before) || before.digest !== after.digest || before.hash === after.hash) return false;
  return after.size <= before.size;
}

/** Its replicas were taken from us, or changed while a canary is shown, or an autoscaler came or went. */
function isScaled(before: Judged, after: Judged): boolean {
  const isBesidePartition =
    before.replicas !== undefined && after.replicas !== undefined && before.replicas !== after.replicas;
  const isTaken = before.applied.ownsReplicas && !after.applied.ownsReplicas;
  return isTaken || before.scaler !== after.scaler || isBesidePartition;
}

function hasTurned(before: Judged | undefined, after: Judged, listed: boolean): boolean {
  const { state, reason } = after.verdict;
  if (state === 'InProgress' || state === 'Terminating') return false;
  if (!before) return state !== 'Current' || (listed && after.develops);
  return before.verdict.state !== state || (state === 'Failed' && before.verdict.reason !== reason);
}

function hasLeft(before: Judged, after: Judged): boolean {
  if (after.verdict.state === 'Terminating') return before.verdict.state !== 'Terminating';
  return (
    before.verdict.state === 'Current' &&
    after.verdict.state !== 'Current' &&
    before.generation === after.generation
  );
}

function lingers(before: Judged | undefined, { verdict }: Judged): boolean {
  return verdict.state === 'InProgress' && before?.verdict.message !== verdict.message;
}
