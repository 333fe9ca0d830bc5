/** What objects require must be able to become ready before them. */
import { invalid } from '../../api/invalid.ts';
import type { ObjectKey } from '../refs.ts';
import type { PlannedObject } from './plan.ts';

/**
 * @param own the key of the resource itself.
 * @throws InvalidResource when an object requires its own resource, or what cannot be ready without it.
 */
export function checkRequirements(objects: readonly PlannedObject[], own: ObjectKey): void {
  const needsOf = new Map(objects.map(({ key, uses, requires }) => [key, [...requires, ...uses]]));
  for (const { key, requires } of objects) {
    if (requires.includes(own))
      throw invalid(key, `requires ${own}, its own resource, which is ready only after it; remove that`);
    for (const required of requires) {
      const path = pathBetween(required, key, needsOf);
      if (path)
        throw invalid(
          key,
          `requires itself: ${[key, ...path].join(', then ')}; remove one of the requirements`,
        );
    }
  }
}

/** Over what the one needs, to the other. */
function pathBetween(
  from: ObjectKey,
  to: ObjectKey,
  needsOf: ReadonlyMap<ObjectKey, readonly ObjectKey[]>,
): readonly ObjectKey[] | undefined {
  const before = new Map<ObjectKey, ObjectKey | undefined>([[from, undefined]]);
  for (const key of before.keys()) {
    if (key === to) return pathTo(key, before);
    for (const next of needsOf.get(key) ?? []) if (!before.has(next)) before.set(next, key);
  }
  return undefined;
}

function pathTo(key: ObjectKey, before: ReadonlyMap<ObjectKey, ObjectKey | undefined>): readonly ObjectKey[] {
  const former = before.get(key);
  return former === undefined ? [key] : [...pathTo(former, before), key];
}
