/**
 * Putting back what somebody edited can be refused: server-side apply merges a list by the keys of its items, so an edited key
 * (the port of a Service's port) leaves an item of the editor's beside ours, and the two together may be invalid. Once the
 * books of the API server say that all of the list is ours, the next apply leaves only what we want.
 */
import type { Fields } from './field-set.ts';
import { fieldsOf, merged } from './field-set.ts';
import type { ManagedFieldsEntry } from './manifest.ts';

/**
 * The books with each list that `fields` name (`spec.ports[0].name`) as ours alone; undefined when nobody else has a part
 * in them.
 */
export function takenOver(
  books: readonly ManagedFieldsEntry[],
  ours: ManagedFieldsEntry,
  fields: readonly string[],
): readonly ManagedFieldsEntry[] | undefined {
  const lists = [...new Set(fields.filter((field) => field.includes('[')).map(listOf))].map(pathOf);
  const others = books.filter((entry) => entry !== ours && !entry.subresource);
  let taken = fieldsOf(ours);
  for (const path of lists)
    for (const other of others) taken = merged(taken, onlyAt(fieldsOf(other), path) ?? {});
  if (JSON.stringify(taken) === JSON.stringify(fieldsOf(ours))) return undefined;
  return books.map((entry) => {
    if (entry === ours) return { ...entry, fieldsV1: taken };
    if (!others.includes(entry)) return entry;
    return { ...entry, fieldsV1: lists.reduce<Fields>(without, fieldsOf(entry)) };
  });
}

function listOf(field: string): string {
  return field.slice(0, field.indexOf('['));
}

function pathOf(field: string): readonly string[] {
  return field.split('.').map((name) => `f:${name}`);
}

/** All of `fields` that lies at `path`, in its place; undefined when nothing does. */
function onlyAt(fields: Fields, [name, ...rest]: readonly string[]): Fields | undefined {
  const inner = name === undefined ? undefined : fields[name];
  if (name === undefined || !inner) return undefined;
  const found = rest.length === 0 ? inner : onlyAt(inner, rest);
  return found && { [name]: found };
}

function without(fields: Fields, [name, ...rest]: readonly string[]): Fields {
  const inner = name === undefined ? undefined : fields[name];
  if (name === undefined || !inner) return fields;
  const { [name]: _, ...others } = fields;
  return rest.length === 0 ? others : { ...others, [name]: without(inner, rest) };
}
