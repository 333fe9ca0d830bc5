/** What a plan must hold to, so that external objects can be created, and later removed, in order. */
import { invalid } from '../../api/invalid.ts';
import type { Operator } from '../../api/operator.ts';
import { awaits, isExternal } from './categories.ts';
import type { PlannedObject } from './plan.ts';

/**
 * An external object is created after all that it uses is Current, and what uses it waits likewise.
 *
 * @throws InvalidResource when nobody would know how to handle one, or when an order contradicts what is used.
 */
export function checkExternals(
  { name, externals }: Pick<Operator, 'name' | 'externals'>,
  objects: readonly PlannedObject[],
): void {
  const stageOf = new Map(objects.map(({ key, stage }) => [key, stage]));
  for (const { key, desired, uses, stage } of objects) {
    if (isExternal(key) && !externals.some(({ kind }) => kind === desired.kind))
      throw invalid(key, `its kind is not among the externals of the operator ${name}; list it there`);
    const { wanted } = desired.body;
    if (isExternal(key) && (typeof wanted !== 'object' || wanted === null))
      throw invalid(key, `wants ${wanted === null ? 'null' : typeof wanted}; give an object of plain JSON`);
    const late = uses.find((used) => awaits(key, used) && (stageOf.get(used) ?? -1) > (stage ?? Infinity));
    if (late) throw invalid(key, `uses ${late}, which has a later place in the order`);
  }
}
