/** Replacing an object of which the API server will not change a field in place. */
import { shortHash } from '../core/hash.ts';
import type { Manifest } from '../core/manifest.ts';
import type { ImmutableAnswer } from '../core/plan/immutable-fields.ts';
import { immutableAnswer } from '../core/plan/immutable-fields.ts';
import { COMMANDS } from '../core/labels.ts';
import type { Claimant } from '../core/ownership.ts';
import { ownershipOf } from '../core/ownership.ts';
import { OUR_REASONS, STATUS_REASONS } from '../core/reasons.ts';
import type { ObjectKey, ObjectRef } from '../core/refs.ts';
import { parseObjectKey } from '../core/refs.ts';
import { isApproved, tokenOf } from '../core/rollout/course.ts';
import { hasShape } from '../core/storage/shape.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import { ordersIn } from './choose-plan.ts';
import { claimRefusal } from './claim-refusal.ts';
import { refusalMessage } from './lasting-refusal.ts';
import { tryOut, untilGone } from './recreate.ts';

/** What approves a loss, and whether somebody gave it. */
export interface Approval {
  readonly token: string;
  readonly given: boolean;
}

export interface Refusal {
  readonly reason: string;
  readonly message: string;
  readonly token?: string;
}

interface Attempted {
  readonly api: KubernetesApi;
  /** The resource that is to have it. */
  readonly claimant: Claimant;
  readonly key: ObjectKey;
  readonly manifest: Manifest;
  /** What the server answered. */
  readonly error: unknown;
  /** Absent where nobody can be asked. */
  readonly approval: Approval | undefined;
  readonly signal: AbortSignal;
}

/**
 * Deletes what is in the way of an object that the server refuses only because it is there, so that it can be applied again.
 * A trial under a free name goes before: what would be refused then, too, is left as it is.
 *
 * @returns `gone` when it can be applied; a refusal that says what to do; undefined when the refusal is about something else.
 */
export async function clearTheWay(attempted: Attempted): Promise<'gone' | Refusal | undefined> {
  const { api, claimant, key, manifest, error, approval } = attempted;
  if (!(error instanceof StatusError) || error.reason !== STATUS_REASONS.Invalid) return undefined;
  // Workloads that look after pods of their own are recreated around them, or with them.
  if (hasShape(manifest) || !error.causes.some(({ field }) => field)) return undefined;
  const answer = immutableAnswer(manifest, error.causes);
  const ref = parseObjectKey(key, manifest.metadata.namespace);
  const live = await api.get(ref);
  if (!live) return 'gone';
  // What is another's is never deleted.
  if (ownershipOf(live, claimant).kind !== 'ours') return undefined;
  if (!answer) return (await isTaken(api, manifest)) ? refused(error, AS_NEW) : undefined;
  if (live.metadata.deletionTimestamp) return removed(attempted, ref, live);
  if (answer.kind === 'refuse') {
    // A size is no field that cannot be changed: its refusal names both sizes, or the class.
    const size = manifest.kind === 'PersistentVolumeClaim' && (await claimRefusal(api, manifest, live));
    return size || refused(error, answer.cure);
  }
  if (await tryOut(api, unallocated(manifest))) return undefined;
  if (answer.kind === 'approve' && !approval?.given) return unapproved(error, answer, approval);
  return removed(attempted, ref, live);
}

/** Of kinds that are not known here, what is lost with an object is not known either. */
const AS_NEW =
  'the API server takes it as a new object alone: put the field back, give the object another name, or delete the one that is there';

/** Whether the server would take it if nothing of its name were there. */
async function isTaken(api: KubernetesApi, manifest: Manifest): Promise<boolean> {
  const metadata = { ...manifest.metadata, name: `trial-${shortHash(manifest.metadata.name)}` };
  try {
    await api.create({ ...manifest, metadata }, { trial: true });
    return true;
  } catch (error) {
    if (error instanceof StatusError) return false;
    throw error;
  }
}

async function removed(
  { api, signal }: Attempted,
  ref: ObjectRef,
  { metadata }: Manifest,
): Promise<'gone' | Refusal> {
  const { uid = '', resourceVersion, deletionTimestamp } = metadata;
  const version = resourceVersion ? { resourceVersion } : {};
  // In the foreground: its pods are gone before others start.
  if (!deletionTimestamp) await api.remove(ref, { uid, ...version, propagationPolicy: 'Foreground', signal });
  await untilGone(api, ref, uid);
  const live = await api.get(ref);
  if (live?.metadata.uid !== uid) return 'gone';
  const held = live.metadata.finalizers?.join(', ');
  const message = `is being deleted, to be created again${held ? `; waits for ${held}` : ''}`;
  return { reason: OUR_REASONS.Recreating, message };
}

function refused(error: StatusError, cure: string): Refusal {
  return { reason: STATUS_REASONS.Invalid, message: `${refusalMessage(error)}; ${cure}` };
}

function unapproved(
  error: StatusError,
  { cost }: Extract<ImmutableAnswer, { kind: 'approve' }>,
  approval: Approval | undefined,
): Refusal {
  const why = `${refusalMessage(error)}; it can be deleted and created again, and then ${cost}`;
  const reason = OUR_REASONS.ApprovalRequired;
  if (!approval) return { reason, message: why };
  const { token } = approval;
  return {
    reason,
    message: `${why}; undo the change, or ${COMMANDS.approve}=${token} on the resource approves it`,
    token,
  };
}

/** What only one object can have at a time would refuse the trial, whatever becomes of the object that has it. */
function unallocated(manifest: Manifest): Manifest {
  if (manifest.kind !== 'Service') return manifest;
  const { clusterIP, clusterIPs: _, ports = [], ...spec } = Object(manifest['spec']);
  const headless = clusterIP === 'None' ? { clusterIP } : {};
  const free = ports.map(({ nodePort: _port, ...port }: { readonly nodePort?: number }) => port);
  return { ...manifest, spec: { ...spec, ...headless, ports: free } };
}

/** What a change that has a cost needs: somebody who names the object, under this plan. */
export function approvalsIn(resource: Manifest, digest: string): (key: ObjectKey) => Approval {
  const orders = ordersIn(resource);
  const now = Date.now();
  return (key) => {
    const token = tokenOf(digest, key, 'loss');
    return { token, given: isApproved(orders, token, now) };
  };
}

/** The server leaves `clusterIP: None` as it is when it is left out, and answers that all is well. */
export function headless(): StatusError {
  const message = 'stays None when it is left out';
  const causes = [{ field: 'spec.clusterIP', message, reason: 'FieldValueInvalid' }];
  return new StatusError(`spec.clusterIP: ${message}`, { code: 422, reason: STATUS_REASONS.Invalid, causes });
}
