import type { Edit } from '../core/commands/edit.ts';
import { annotationOf, edited } from '../core/commands/edit.ts';
import type { Manifest } from '../core/manifest.ts';
import { STATUS_REASONS } from '../core/reasons.ts';
import type { ResourceRef } from '../core/refs.ts';
import type { JsonPatchOperation } from '../kubernetes/api.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import { ordersIn } from './choose-plan.ts';
import type { Dependencies } from './dependencies.ts';
import { failureOf } from './failure.ts';

/** Each round of commands that meet has one winner; what loses more often is retried by Temporal. */
const MOST_CONFLICTS = 20;

/**
 * Writes a command where everybody can read it, only on this very resource, and over the version that was read: what somebody else
 * writes at the same moment is read first, and kept.
 *
 * @param now epoch milliseconds of the workflow's clock.
 */
export async function annotateResource(
  { api }: Pick<Dependencies, 'api'>,
  resource: ResourceRef,
  uid: string,
  edit: Edit,
  now: number,
): Promise<void> {
  try {
    for (let conflicts = 0; ; conflicts++) {
      const live = await api.get(resource);
      if (live?.metadata.uid !== uid) return;
      const operations = operationsOf(live, edit, now);
      if (operations.length === 0) return;
      try {
        await api.patch(resource, operations);
        return;
      } catch (error) {
        if (!isConflict(error) || conflicts >= MOST_CONFLICTS) throw error;
      }
    }
  } catch (error) {
    if (error instanceof StatusError && error.reason === STATUS_REASONS.NotFound) return;
    throw failureOf(error, `annotations of ${resource.kind} ${resource.name}`);
  }
}

function operationsOf(live: Manifest, edit: Edit, now: number): JsonPatchOperation[] {
  const { uid, resourceVersion, annotations } = live.metadata;
  const name = annotationOf(edit);
  const text = annotations?.[name];
  const value = edited(edit, { orders: ordersIn(live), text, now });
  if (value === text) return [];
  const path = `/metadata/annotations/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  return [
    { op: 'test', path: '/metadata/uid', value: uid },
    // Where another version is there by now, the API server answers Conflict.
    { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
    ...(annotations ? [] : [{ op: 'add' as const, path: '/metadata/annotations', value: {} }]),
    value === undefined ? { op: 'remove', path } : { op: 'add', path, value },
  ];
}

function isConflict(error: unknown): boolean {
  return error instanceof StatusError && error.reason === STATUS_REASONS.Conflict;
}
