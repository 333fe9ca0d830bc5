/** What the API server will go on refusing of an apply, in words that name the object and what to do. */
import { ApplicationFailure } from '@temporalio/common';
import { bounded } from '../core/bounded-text.ts';
import { malformedQuantities } from '../core/health/quantity.ts';
import type { Manifest } from '../core/manifest.ts';
import { titleOf } from '../core/plan/categories.ts';
import { STATUS_REASONS } from '../core/reasons.ts';
import type { ObjectKey } from '../core/refs.ts';
import { parseObjectKey } from '../core/refs.ts';
import type { ApplyResult } from '../core/rollout/fold.ts';
import { hasShape, isAboutShape } from '../core/storage/shape.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import { claimRefusal } from './claim-refusal.ts';
import type { Dependencies } from './dependencies.ts';
import type { Claiming } from './fenced-api.ts';
import { failureOf } from './failure.ts';
import type { LastingRefusal } from './lasting-refusal.ts';
import { lastingRefusal } from './lasting-refusal.ts';
import { OwnershipConflict, refuseAnother } from './ownership.ts';

/** What the server will go on refusing; everything else is thrown, to be retried. */
export async function refusalOf(
  dependencies: Claiming,
  manifest: Manifest,
  key: ObjectKey,
  error: unknown,
): Promise<AppliedNot> {
  if (error instanceof OwnershipConflict) return conflictOf(error);
  const refusal = lastingRefusal(error) ?? (await confirmedRefusal(dependencies, manifest, key, error));
  if (!refusal || !(error instanceof StatusError)) throw failureOf(error, titleOf(key));
  if (error.causes.some(({ field }) => field === 'metadata.ownerReferences'))
    return secondController(dependencies, manifest, key, error);
  const live =
    manifest.kind === 'PersistentVolumeClaim' ? await readLive(dependencies, manifest, key) : undefined;
  return (live && (await claimRefusal(dependencies.api, manifest, live))) ?? refusal;
}

/**
 * What the server cannot convert (`memory: 1GB`) it answers as it answers a fault of its own: 500, with no reason. A trial tells
 * the two apart. It is answered in the same words where the object is at fault, and stores nothing, so that no fault of the
 * storage is in them; that the server can read is seen by reading.
 */
export async function confirmedRefusal(
  { api, operator }: Pick<Dependencies, 'api' | 'operator'>,
  manifest: Manifest,
  key: ObjectKey,
  error: unknown,
): Promise<LastingRefusal | undefined> {
  if (!(error instanceof StatusError) || !error.isUntyped) return undefined;
  const isSame = (other: unknown): boolean => other instanceof StatusError && other.message === error.message;
  try {
    const trial = { fieldManager: operator.name, trial: true };
    const isRefused = await api.apply(manifest, trial).then(() => false, isSame);
    if (!isRefused) return undefined;
    await api.get(parseObjectKey(key, manifest.metadata.namespace));
  } catch (unreadable) {
    if (unreadable instanceof StatusError) return undefined;
    throw unreadable;
  }
  const [why = error.message] = error.message.split(UNCONVERTED).slice(-1);
  const fields = malformedQuantities(manifest);
  const where = fields.length > 0 ? `${fields.slice(0, 4).join(', ')}: ` : '';
  return { reason: STATUS_REASONS.Invalid, message: bounded(`${where}${why}`) };
}

/** What the API server writes before the reason, and says nothing. */
const UNCONVERTED = /^failed to .* unable to convert unstructured object to [^:]*: /;

/** Whether what is there can only be made anew. */
export async function isOfAnotherShape(
  api: KubernetesApi,
  key: ObjectKey,
  manifest: Manifest,
  error: unknown,
): Promise<boolean> {
  const isInvalid = error instanceof StatusError && error.reason === STATUS_REASONS.Invalid;
  if (!isInvalid || !hasShape(manifest)) return false;
  const live = await api.get(parseObjectKey(key, manifest.metadata.namespace));
  return live !== undefined && isAboutShape(manifest, live, error.causes);
}

/** Why an apply was refused; with `holder`, who has the object. */
export type AppliedNot = Pick<Extract<ApplyResult, { applied: false }>, 'reason' | 'message' | 'holder'>;

export function conflictOf({ reason, message, holder }: OwnershipConflict): AppliedNot {
  return { reason, message, holder };
}

/** Server-side apply adds our owner to another's; the server refuses a second controller, which is how we learn of it. */
async function secondController(
  dependencies: Claiming,
  manifest: Manifest,
  key: ObjectKey,
  error: StatusError,
): Promise<AppliedNot> {
  const { api, claimant } = dependencies;
  const live = await readLive(dependencies, manifest, key);
  if (!live) return { reason: STATUS_REASONS.Invalid, message: error.message };
  try {
    await refuseAnother(api, live, claimant);
  } catch (conflict) {
    if (conflict instanceof OwnershipConflict) return conflictOf(conflict);
    throw failureOf(conflict, titleOf(key));
  }
  throw ApplicationFailure.create({
    type: STATUS_REASONS.Conflict,
    message: `${titleOf(key)}: belongs to a former ${claimant.kind} ${claimant.name}, and waits to be garbage-collected`,
  });
}

async function readLive(
  { api }: Dependencies,
  manifest: Manifest,
  key: ObjectKey,
): Promise<Manifest | undefined> {
  return api.get(parseObjectKey(key, manifest.metadata.namespace)).catch((cause: unknown) => {
    throw failureOf(cause, titleOf(key));
  });
}
