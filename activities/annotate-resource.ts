import type { ResourceRef } from '../core/refs.ts';
import type { JsonPatchOperation } from '../kubernetes/api.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import type { Dependencies } from './dependencies.ts';
import { failureOf } from './failure.ts';

/** Writes a command where everybody can read it; an empty text takes the annotation away. Only on this very resource. */
export async function annotateResource(
  { api }: Pick<Dependencies, 'api'>,
  resource: ResourceRef,
  uid: string,
  annotations: Readonly<Record<string, string>>,
): Promise<void> {
  try {
    const live = await api.get(resource);
    if (live?.metadata.uid !== uid) return;
    const known = live.metadata.annotations;
    const operations = Object.entries(annotations).flatMap(([name, value]): JsonPatchOperation[] => {
      const path = `/metadata/annotations/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      if (value !== '') return [{ op: 'add', path, value }];
      return known?.[name] === undefined ? [] : [{ op: 'remove', path }];
    });
    if (operations.length === 0) return;
    await api.patch(resource, [
      { op: 'test', path: '/metadata/uid', value: uid },
      ...(known ? [] : [{ op: 'add' as const, path: '/metadata/annotations', value: {} }]),
      ...operations,
    ]);
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'NotFound') return;
    throw failureOf(error, `annotations of ${resource.kind} ${resource.name}`);
  }
}
