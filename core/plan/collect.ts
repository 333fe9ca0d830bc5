import { invalid } from '../../api/invalid.ts';
import type { DesiredObject } from '../../api/objects.ts';
import { checkedDesired, isOrdered, notJsonIn } from '../operator-answers.ts';
import { orderTroubles, roleWarnings, stagesOf } from './order.ts';
import type { Stage } from './order.ts';
import type { ObjectKey } from '../refs.ts';
import type { KindRef } from '../refs.ts';
import { groupOf, kindName, objectKey } from '../refs.ts';
import type { ScopeOf } from './scopes.ts';
import { SCOPES } from './scopes.ts';

/** What `desired` returned, flat: every object once, under its key, with what it uses; and the stages of the workloads. */
export interface Collected {
  readonly objects: ReadonlyMap<ObjectKey, DesiredObject>;
  readonly stages: readonly Stage[];
  readonly warnings: readonly string[];
  /** Why the order of the stages may be another than is meant. */
  readonly orderTrouble?: string;
}

/** Where the objects of a resource are. */
export interface Surroundings {
  /** The namespace of the resource. */
  readonly home: string | undefined;
  readonly scopeOf: ScopeOf;
}

export function kindOf({ apiVersion, kind }: Pick<DesiredObject, 'apiVersion' | 'kind'>): KindRef {
  return { group: groupOf(apiVersion), kind };
}

/** The key of what an author names, desired or required. */
export function keyOf(
  object: Pick<DesiredObject, 'apiVersion' | 'kind' | 'name' | 'namespace'>,
  { home, scopeOf }: Surroundings,
): ObjectKey {
  const kind = kindOf(object);
  const namespace = scopeOf(kind) === SCOPES.Cluster ? undefined : (object.namespace ?? home);
  return objectKey({ ...kind, ...(namespace ? { namespace } : {}), name: object.name }, home);
}

/** All that is desired, used and named as a target, in no order; an object may be there more than once. */
export function objectsIn(desired: unknown): readonly DesiredObject[] {
  const found = new Set<DesiredObject>();
  const add = (object: DesiredObject): void => {
    if (found.has(object)) return;
    found.add(object);
    object.options.uses?.forEach(add);
    if (object.options.target) add(object.options.target);
  };
  for (const entry of checkedDesired(desired)) (isOrdered(entry) ? entry.workloads : [entry]).forEach(add);
  return [...found];
}

/** The kinds of {@link objectsIn}, each once. */
export function kindsIn(desired: unknown): readonly KindRef[] {
  const kinds = objectsIn(desired).map((object) => kindOf(object));
  return [...new Map(kinds.map((kind) => [kindName(kind), kind])).values()];
}

/**
 * @param desired what operator code answered.
 * @throws InvalidResource when two different objects have one key, or something in it is no object.
 */
export function collect(desired: unknown, place: Surroundings): Collected {
  const objects = new Map<ObjectKey, DesiredObject>();
  const stages: Stage[] = [];
  const warnings: string[] = [];
  const troubles: string[] = [];
  const add = (object: DesiredObject): void => {
    const key = keyOf(object, place);
    const known = objects.get(key);
    if (known === object) return;
    const odd = notJsonIn(object.body);
    if (odd !== undefined)
      throw invalid(key, `${odd}, which is no JSON; leave it out or write a plain value`);
    if (known && contentOf(known) !== contentOf(object))
      throw invalid(key, `is desired twice, with different contents; give one of the two another name`);
    objects.set(key, object);
    object.options.uses?.forEach(add);
    if (object.options.target) add(object.options.target);
  };
  for (const entry of checkedDesired(desired)) {
    if (isOrdered(entry)) {
      entry.workloads.forEach(add);
      stages.push(...stagesOf(entry, (workload) => keyOf(workload, place)));
      warnings.push(...roleWarnings(entry));
      troubles.push(...orderTroubles(entry));
    } else add(entry);
  }
  return { objects, stages, warnings, ...(troubles.length > 0 ? { orderTrouble: troubles.join('; ') } : {}) };
}

/** What two makings of one object must share: all of it, with its gate and hooks by name. */
function contentOf(object: DesiredObject): string {
  return JSON.stringify(object, (_, value: unknown) => (typeof value === 'function' ? value.name : value));
}
