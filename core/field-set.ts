/** Sets of fields as the API server keeps them in `metadata.managedFields` (FieldsV1). */
import type { ManagedFieldsEntry } from './manifest.ts';

export interface Fields {
  readonly [field: string]: Fields;
}

export function fieldsOf({ fieldsV1 }: ManagedFieldsEntry): Fields {
  return (fieldsV1 ?? {}) as Fields;
}

/** Both sets. */
export function merged(one: Fields, other: Fields): Fields {
  const added = Object.entries(other).map(([name, inner]) => {
    const mine = one[name];
    return [name, mine ? merged(mine, inner) : inner] as const;
  });
  return { ...one, ...Object.fromEntries(added) };
}
