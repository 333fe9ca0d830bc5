import { Context } from '@temporalio/activity';
import type { Manifest } from '../core/manifest.ts';
import { OUR_REASONS, STATUS_REASONS } from '../core/reasons.ts';
import { groupOf } from '../core/refs.ts';
import type { ResourceRef } from '../core/refs.ts';
import type { Overwritten, StatusSeen } from '../core/rollout/state.ts';
import { readStatus } from '../core/status/read-status.ts';
import type { ResourceStatus } from '../core/status/resource-status.ts';
import { sealed, statusFingerprint } from '../core/status/written.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import type { Dependencies } from './dependencies.ts';
import type { News } from './event-recorder.ts';

/** Who else writes the resource meanwhile gets so many turns before this attempt gives up. */
const MOST_CONFLICTS = 5;

/**
 * Writes the status of the resource that `header` names, over the version that is known or read: a write that was sent and
 * arrives late changes nothing newer. Without a status nothing can go on, and it cannot tell itself that it is not written: a
 * schema that does not take it is told in an event, once in a run.
 */
export async function writeStatus(
  { api, operator, events }: Dependencies,
  header: Manifest,
  status: ResourceStatus,
): Promise<Manifest> {
  const occurrence = `${Context.current().info.workflowExecution?.runId} status`;
  try {
    const fieldManager = `${operator.name}-status`;
    const object = await applyOverNewest(api, { ...header, status: sealed(status) }, fieldManager);
    if (!isKept(object)) events.record({ regarding: object, occurrence }, refused('it is not kept'));
    return object;
  } catch (error) {
    if (isRefusal(error) && (await isThere(api, header)))
      events.record({ regarding: header, occurrence }, refused(error.message));
    throw error;
  }
}

async function applyOverNewest(
  api: Dependencies['api'],
  manifest: Manifest,
  fieldManager: string,
): Promise<Manifest> {
  let { resourceVersion } = manifest.metadata;
  for (let conflicts = 0; ; conflicts++) {
    resourceVersion ??= (await readAgain(api, manifest)).metadata.resourceVersion ?? '';
    const metadata = { ...manifest.metadata, resourceVersion };
    try {
      const options = { fieldManager, subresource: 'status' } as const;
      return (await api.apply({ ...manifest, metadata }, options)).object;
    } catch (error) {
      if (!isConflict(error) || conflicts >= MOST_CONFLICTS) throw error;
      resourceVersion = undefined;
    }
  }
}

/** @throws StatusError NotFound when the resource is gone, or another has its name. */
async function readAgain(
  api: Dependencies['api'],
  { apiVersion, kind, metadata }: Manifest,
): Promise<Manifest> {
  const { name, namespace, uid } = metadata;
  const ref = { group: groupOf(apiVersion), kind, name, ...(namespace ? { namespace } : {}) };
  const live = await api.get(ref);
  if (live && (uid === undefined || live.metadata.uid === uid)) return live;
  throw new StatusError(`${kind} ${name} is gone`, { code: 404, reason: STATUS_REASONS.NotFound });
}

function isConflict(error: unknown): boolean {
  return error instanceof StatusError && error.reason === STATUS_REASONS.Conflict;
}

/** What is remembered of a status that was written. */
export function seenStatus({ metadata, ...resource }: Manifest): StatusSeen {
  return {
    fingerprint: statusFingerprint(resource['status']),
    resourceVersion: metadata.resourceVersion ?? '',
  };
}

/**
 * Whether the status of a resource is another than the one that was written last, and by whom. The resource may be from a cache that
 * does not know that write yet, so a difference is read again.
 */
export async function overwrittenIn(
  { api, operator }: Pick<Dependencies, 'api' | 'operator'>,
  resource: ResourceRef,
  known: Manifest,
  written: StatusSeen | undefined,
): Promise<Overwritten | undefined> {
  if (!written || statusFingerprint(known['status']) === written.fingerprint) return undefined;
  const live = await api.get(resource);
  if (!live || live.metadata.uid !== known.metadata.uid) return undefined;
  if (statusFingerprint(live['status']) === written.fingerprint) return undefined;
  const hands = (live.metadata.managedFields ?? []).filter(({ fieldsV1 }) => 'f:status' in (fieldsV1 ?? {}));
  const newestOf = (ours: boolean): typeof hands =>
    hands
      .filter(({ manager }) => (manager === `${operator.name}-status`) === ours)
      .toSorted((a, b) => (String(a.time) < String(b.time) ? 1 : -1));
  const [[mine], [other]] = [newestOf(true), newestOf(false)];
  // The API server notes whole seconds.
  return other?.manager && String(other.time) >= String(mine?.time ?? '') ? { by: other.manager } : {};
}

/** Whether the API server has the resource of this name and uid; it has none of a kind that is not served. */
export async function isThere(
  api: Pick<Dependencies['api'], 'get'>,
  { apiVersion, kind, metadata }: Manifest,
): Promise<boolean> {
  const { name, namespace, uid } = metadata;
  const ref = { group: groupOf(apiVersion), kind, name, ...(namespace ? { namespace } : {}) };
  try {
    return (await api.get(ref))?.metadata.uid === uid;
  } catch (error) {
    if (error instanceof StatusError && error.reason === STATUS_REASONS.NotFound) return false;
    throw error;
  }
}

/** The API server drops fields that a schema does not have, and says nothing. */
function isKept(object: Manifest): boolean {
  const { conditions, inventory } = readStatus(object);
  return conditions !== undefined && inventory !== undefined;
}

/** A body the schema does not take is an internal error to the API server; a kind without the subresource has no such path. */
function isRefusal(error: unknown): error is StatusError {
  return error instanceof StatusError && (error.code === 500 || (error.code >= 400 && !error.isTransient));
}

function refused(why: string): News {
  const cure =
    'it needs `subresources: { status: {} }`, and `x-kubernetes-preserve-unknown-fields: true` in its `status`';
  return {
    type: 'Warning',
    reason: OUR_REASONS.StatusRefused,
    action: 'Report',
    note: `the status cannot be written: ${why}. If it is the schema: ${cure}`,
  };
}
