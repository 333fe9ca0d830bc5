/**
 * The mistakes that specs of data systems share: entries of lists have names, and other entries refer to them. Each check
 * answers what is wrong, for `throw new InvalidResource(causes)` after all of them, so that the author of a resource reads
 * everything at once.
 */
import type { InvalidCause } from './invalid.ts';

/** An entry of a list in a spec: its name, or something that has one. */
export type NamedEntry = string | { readonly name: string };

/** Each answers what is wrong: nothing, or a cause for every mistake. */
export interface Checks {
  /** Every entry of `list`, for example `spec.k8sConfig`, has a name, and no two have the same. */
  names(list: string, entries: readonly NamedEntry[]): readonly InvalidCause[];
  /** As `names`, of entries whose names become parts of the names of objects. */
  objectNames(list: string, entries: readonly NamedEntry[]): readonly InvalidCause[];
  /** `name`, written in `field`, is that of an entry: `('spec.nodes[2].k8sConfig', node.k8sConfig, spec.k8sConfig)`. */
  reference(field: string, name: string, entries: readonly NamedEntry[]): readonly InvalidCause[];
}

export const check: Checks = Object.freeze({ names, objectNames, reference });

function names(list: string, entries: readonly NamedEntry[]): readonly InvalidCause[] {
  const all = entries.map(nameOf);
  return entries.flatMap((entry, index) => {
    const name = nameOf(entry);
    if (!name.trim()) return [{ field: fieldOf(list, entries, index), message: emptiness(entry) }];
    const first = all.indexOf(name);
    if (first === index) return [];
    const message = `"${name}" is already used by ${fieldOf(list, entries, first)}`;
    return [{ field: fieldOf(list, entries, index), message }];
  });
}

/** RFC 1123, which Kubernetes asks of the names of Services. */
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

function objectNames(list: string, entries: readonly NamedEntry[]): readonly InvalidCause[] {
  const unfit = entries.flatMap((entry, index) => {
    const name = nameOf(entry);
    if (!name.trim() || DNS_LABEL.test(name)) return [];
    const message = `"${name}" cannot name objects; use a-z, 0-9 and -, beginning and ending with one of the first two`;
    return [{ field: fieldOf(list, entries, index), message }];
  });
  return [...names(list, entries), ...unfit];
}

function reference(field: string, name: string, entries: readonly NamedEntry[]): readonly InvalidCause[] {
  const known = [...new Set(entries.map(nameOf))];
  if (known.includes(name)) return [];
  const choice = known.length > 0 ? `use one of ${known.join(', ')}` : 'there are none yet';
  return [{ field, message: `no ${field.replace(/^.*\./, '')} is named "${name}"; ${choice}` }];
}

function nameOf(entry: NamedEntry): string {
  return typeof entry === 'string' ? entry : entry.name;
}

function fieldOf(list: string, entries: readonly NamedEntry[], index: number): string {
  return typeof entries[index] === 'string' ? `${list}[${index}]` : `${list}[${index}].name`;
}

function emptiness(entry: NamedEntry): string {
  return typeof entry === 'string' ? 'is empty; write a name, or remove it' : 'is empty; write a name';
}
