import { invalid } from '../../api/invalid.ts';

/** @throws InvalidResource naming the first field in which two answers of `desired` for one resource differ. */
export function refuseImpure(one: unknown, other: unknown): void {
  // What is no list is refused with its own words; a Promise that fails must not end the program meanwhile.
  for (const answer of [one, other]) if (answer instanceof Promise) answer.catch(() => undefined);
  if (!Array.isArray(one) || !Array.isArray(other)) return;
  const path = differenceOf(one, other, [], new Map());
  if (!path) return;
  throw invalid(
    'desired',
    `answers otherwise each time it is asked, at ${path.join('.')}; let it depend on nothing but the resource: no time, no random value, no state`,
  );
}

/** Where two values differ, by the names of fields; functions count by their names. */
function differenceOf(
  one: unknown,
  other: unknown,
  path: readonly string[],
  seen: Map<unknown, unknown>,
): readonly string[] | undefined {
  if (Object.is(one, other)) return undefined;
  if (typeof one === 'function' && typeof other === 'function') return undefined;
  if (!isContainer(one) || !isContainer(other)) return isSameLeaf(one, other) ? undefined : path;
  // Objects are used by many, and a value may contain itself, which is refused elsewhere.
  if (seen.get(one) === other) return undefined;
  seen.set(one, other);
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const found = differenceOf(one[key], other[key], [...path, nameOf(one, key)], seen);
    if (found) return found;
  }
  return undefined;
}

function isContainer(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !('toJSON' in value);
}

function isSameLeaf(one: unknown, other: unknown): boolean {
  return isContainer(one) === isContainer(other) && JSON.stringify(one) === JSON.stringify(other);
}

/** An object goes by its kind and name. */
function nameOf(container: Readonly<Record<string, unknown>>, key: string): string {
  const value = container[key];
  const isObject = Array.isArray(container) && isContainer(value) && 'kind' in value && 'name' in value;
  return isObject ? `${String(value['kind'])} ${String(value['name'])}` : key;
}
