/**
 * What a resource wants, complete: the author's objects with everything the runtime adds, in the order in which they
 * change. Pure: the same operator and resource give the same plan, with no server and no clock.
 */
import { invalid } from '../../api/invalid.ts';
import type { DesiredObject } from '../../api/objects.ts';
import type { Operator, RolloutPolicy } from '../../api/operator.ts';
import type { Resource } from '../../api/resource.ts';
import type { Manifest } from '../manifest.ts';
import { namesOf } from '../names.ts';
import type { ObjectKey } from '../refs.ts';
import { groupOf, kindName } from '../refs.ts';
import { isClusterScoped, isConfiguration, isExternal, isWorkload } from './categories.ts';
import type { Stage } from './collect.ts';
import { collect, keyOf } from './collect.ts';
import type { Place } from './decorate.ts';
import { decorate } from './decorate.ts';
import { checkExternals } from './externals.ts';
import { leaveToScalers } from './leave-to-scalers.ts';
import type { Read } from './reads.ts';
import { readsOf } from './reads.ts';
import type { Seal } from './seal.ts';
import { UNSEALED } from './seal.ts';
import { configurationOf } from './templates.ts';
import { withVersions } from './versions.ts';

export interface PlannedObject {
  readonly key: ObjectKey;
  /** As it is applied, but for the digests. */
  readonly manifest: Manifest;
  /** The author's own value, with its gate and hooks. */
  readonly desired: DesiredObject;
  /** Index in `stages`; absent when its changes need no order. */
  readonly stage?: number;
  /** Planned objects that come first; of a workload also the configuration that its pods read. */
  readonly uses: readonly ObjectKey[];
  /** Objects of others that must be ready before this one is applied. */
  readonly requires: readonly ObjectKey[];
  /** Planned ConfigMaps and Secrets whose change restarts its pods, though its template stays as it is. */
  readonly configuration: readonly ObjectKey[];
  /** ConfigMaps and Secrets of others whose change restarts its pods. */
  readonly reads: readonly Read[];
}

export interface Plan {
  readonly objects: readonly PlannedObject[];
  /** What disruptive changes wait for, in order. */
  readonly stages: readonly Stage[];
  /** What is odd, and does not keep the plan from being carried out. */
  readonly warnings: readonly string[];
}

/**
 * Plans a resource, as it can be done anywhere: Secrets that pods read have the names that they would have without the key
 * of an installation.
 *
 * @throws InvalidResource when the resource, or what its operator makes of it, contradicts itself.
 */
export function plan<Spec, Status>(operator: Operator<Spec, Status>, resource: Resource<Spec, Status>): Plan {
  return sealedPlan(operator, resource, UNSEALED);
}

/** The plan with names that tell nothing of what is in a Secret. */
export function sealedPlan<Spec, Status>(
  operator: Operator<Spec, Status>,
  resource: Resource<Spec, Status>,
  seal: Seal,
): Plan {
  const home = resource.metadata.namespace;
  const { objects, stages, warnings } = collect(
    operator.desired(resource, namesOf(resource.metadata.name)),
    home,
  );
  refuseTwins(objects);
  refuseCanaries(objects);
  const users = usersOf(objects, home);
  const stageOf = new Map(
    stages.flatMap((stage, index) => stage.workloads.map((key) => [key, index] as const)),
  );
  const planned = Array.from(objects, ([key, desired]): PlannedObject => {
    const place: Place = { key, users: users.get(key) ?? [], namespace: namespaceOf(key, desired, home) };
    const manifest = decorate(operator, resource, desired, place);
    const stage = stageOf.get(key);
    const uses = (desired.options.uses ?? []).map((used) => keyOf(used, home));
    const configuration = isWorkload(key) ? configurationIn(manifest, uses, { objects, home }) : [];
    return {
      key,
      manifest,
      desired,
      uses: [...new Set([...uses, ...configuration])],
      requires: (desired.options.requires ?? []).map((required) => keyOf(required, home)),
      configuration,
      reads: [],
      ...(stage === undefined ? {} : { stage }),
    };
  });
  checkExternals(operator, planned);
  return {
    objects: withReads(withVersions(leaveToScalers(planned), home, seal), operator.rollout(resource), home),
    stages,
    warnings,
  };
}

function withReads(
  objects: readonly PlannedObject[],
  { restartOnChange = true }: RolloutPolicy,
  home: string | undefined,
): PlannedObject[] {
  const own = new Set(objects.map(({ key }) => key));
  return objects.map((object) => {
    const isAsked = object.desired.options.restartOnChange ?? restartOnChange;
    return isAsked ? { ...object, reads: readsOf(object.manifest, own, home) } : object;
  });
}

/** Workloads of one name would share a label value, and select each other's pods. */
function refuseTwins(objects: ReadonlyMap<ObjectKey, DesiredObject>): void {
  const seen = new Map<string, ObjectKey>();
  for (const [key, { name, namespace = '' }] of objects) {
    if (!isWorkload(key)) continue;
    const twin = seen.get(`${namespace}/${name}`);
    if (twin)
      throw invalid(
        key,
        `has the name of ${twin}; their pods could not be told apart, so give one another name`,
      );
    seen.set(`${namespace}/${name}`, key);
  }
}

/** Only a StatefulSet has an order among its pods. */
function refuseCanaries(objects: ReadonlyMap<ObjectKey, DesiredObject>): void {
  for (const [key, { kind, options }] of objects) {
    const { canary } = options;
    if (canary === undefined) continue;
    if (kind !== 'StatefulSet')
      throw invalid(key, `has the option canary, which only a StatefulSet can have`);
    if (!Number.isInteger(canary) || canary < 1)
      throw invalid(key, `has canary ${canary}; it is a number of pods, at least 1`);
  }
}

/** For each object, the workloads that use it. */
function usersOf(
  objects: ReadonlyMap<ObjectKey, DesiredObject>,
  home: string | undefined,
): ReadonlyMap<ObjectKey, readonly DesiredObject[]> {
  const users = new Map<ObjectKey, DesiredObject[]>();
  for (const [key, object] of objects) {
    if (!isWorkload(key)) continue;
    for (const used of object.options.uses ?? []) {
      const usedKey = keyOf(used, home);
      const known = users.get(usedKey);
      if (known) known.push(object);
      else users.set(usedKey, [object]);
    }
  }
  return users;
}

function namespaceOf(key: ObjectKey, object: DesiredObject, home: string | undefined): string | undefined {
  if (isClusterScoped(kindName({ group: groupOf(object.apiVersion), kind: object.kind }))) return undefined;
  const namespace = object.namespace ?? home;
  if (!namespace && !isExternal(key))
    throw invalid(key, 'has no namespace, and neither has its resource; give it the option namespace');
  return namespace;
}

/** What its template names, and what it uses in whatever other way. */
function configurationIn(
  manifest: Manifest,
  uses: readonly ObjectKey[],
  place: { readonly objects: ReadonlyMap<ObjectKey, DesiredObject>; readonly home: string | undefined },
): readonly ObjectKey[] {
  const named = [...configurationOf(manifest, place.home), ...uses.filter(isConfiguration)];
  return [...new Set(named)].filter((key) => place.objects.has(key)).sort();
}
