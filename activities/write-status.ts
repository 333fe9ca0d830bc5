import { Context } from '@temporalio/activity';
import type { Manifest } from '../core/manifest.ts';
import { OUR_REASONS, STATUS_REASONS } from '../core/reasons.ts';
import { groupOf } from '../core/refs.ts';
import type { ResourceStatus } from '../core/status/resource-status.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import type { Dependencies } from './dependencies.ts';
import type { News } from './event-recorder.ts';

/**
 * Writes the status of the resource that `header` names. Without a status nothing can go on, and it cannot tell itself that it
 * is not written: a schema that does not take it is told in an event, once in a run.
 */
export async function writeStatus(
  { api, operator, events }: Dependencies,
  header: Manifest,
  status: ResourceStatus,
): Promise<Manifest> {
  const occurrence = `${Context.current().info.workflowExecution?.runId} status`;
  try {
    const options = { fieldManager: `${operator.name}-status`, subresource: 'status' } as const;
    const { object } = await api.apply({ ...header, status }, options);
    if (!isKept(object)) events.record({ regarding: object, occurrence }, refused('it is not kept'));
    return object;
  } catch (error) {
    if (isRefusal(error) && (await isThere(api, header)))
      events.record({ regarding: header, occurrence }, refused(error.message));
    throw error;
  }
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
  const { conditions, inventory } = (object['status'] ?? {}) as Partial<ResourceStatus>;
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
