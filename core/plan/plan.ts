/**
 * What a resource wants, complete: the author's objects with everything the runtime adds, in the order in which they
 * change. Pure: the same operator and resource give the same plan, with no server and no clock.
 */
import { invalid } from '../../api/invalid.ts';
import type { DesiredObject } from '../../api/objects.ts';
import type { Desired, Operator, RolloutPolicy } from '../../api/operator.ts';
import type { Resource } from '../../api/resource.ts';
import { labelValue } from '../labels.ts';
import type { Manifest } from '../manifest.ts';
import { namesOf } from '../names.ts';
import type { ObjectKey } from '../refs.ts';
import { kindName } from '../refs.ts';
import { isConfiguration, isExternal, isWorkload } from './categories.ts';
import { withClusterNames } from './cluster-names.ts';
import type { Surroundings } from './collect.ts';
import type { Stage } from './order.ts';
import { collect, keyOf, kindOf, kindsIn, objectsIn } from './collect.ts';
import type { Place } from './decorate.ts';
import { decorate } from './decorate.ts';
import { checkedPolicy } from './check-policy.ts';
import { checkExternals } from './externals.ts';
import { leaveToScalers } from './leave-to-scalers.ts';
import { refuseImpure } from './impure.ts';
import { podNameWarnings } from './pod-names.ts';
import type { Read } from './reads.ts';
import { readsOf } from './reads.ts';
import { checkRequirements } from './requirements.ts';
import type { ScopeOf } from './scopes.ts';
import { builtInScope, SCOPES, withGivenScopes } from './scopes.ts';
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
  /** Why the order of the stages may be another than is meant: no stage begins while it is there. */
  readonly orderTrouble?: string;
}

/**
 * Plans a resource, as it can be done anywhere: Secrets that pods read have the names that they would have without the key
 * of an installation, and a kind is namespaced unless it is one of Kubernetes' own or its CustomResourceDefinition is desired,
 * too, and says otherwise.
 *
 * @throws InvalidResource when the resource, or what its operator makes of it, contradicts itself.
 */
export function plan<Spec>(operator: Operator<Spec>, resource: Resource<Spec>): Plan {
  const desired = desiredOf(operator, resource);
  const made = planOf(operator, resource, desired, { seal: UNSEALED, scopeOf: builtInScope });
  return { ...made, warnings: [...made.warnings, ...scopeWarnings(desired)] };
}

/**
 * What the operator wants for a resource.
 *
 * @throws InvalidResource when it wants something else each time it is asked: every start of a worker would restart pods.
 */
export function desiredOf<Spec>(operator: Operator<Spec>, resource: Resource<Spec>): Desired {
  const ask = (): Desired => operator.desired(resource, namesOf(resource.metadata.name));
  const desired = ask();
  refuseImpure(desired, ask());
  return desired;
}

/** What only an installation knows. */
export interface Installation {
  /** Makes names that tell nothing of what is in a Secret. */
  readonly seal: Seal;
  /** Undefined for a kind that is not served: its objects are planned as namespaced, and must not be applied yet. */
  readonly scopeOf: ScopeOf;
}

/** The plan of what an operator wants, as it is carried out in an installation. */
export function planOf<Spec>(
  operator: Operator<Spec>,
  resource: Resource<Spec>,
  desired: Desired,
  installation: Installation,
): Plan {
  const home = resource.metadata.namespace;
  const { seal } = installation;
  const surroundings = { home, scopeOf: withGivenScopes(installation.scopeOf, objectsIn(desired)) };
  const { objects, stages, warnings, orderTrouble } = collect(desired, surroundings);
  refuseTwins(objects);
  refuseCanaries(objects);
  const users = usersOf(objects, surroundings);
  const stageOf = new Map(
    stages.flatMap((stage, index) => stage.workloads.map((key) => [key, index] as const)),
  );
  const planned = Array.from(objects, ([key, desired]): PlannedObject => {
    const namespace = namespaceOf(key, desired, surroundings);
    const place: Place = { key, users: users.get(key) ?? [], namespace };
    const manifest = decorate(operator, resource, desired, place);
    const stage = stageOf.get(key);
    const uses = (desired.options.uses ?? []).map((used) => keyOf(used, surroundings));
    const configuration = isWorkload(key) ? configurationIn(manifest, uses, { objects, home }) : [];
    return {
      key,
      manifest,
      desired,
      uses: [...new Set([...uses, ...configuration])],
      requires: (desired.options.requires ?? []).map((required) => keyOf(required, surroundings)),
      configuration,
      reads: [],
      ...(stage === undefined ? {} : { stage }),
    };
  });
  checkExternals(operator, planned);
  checkRequirements(planned, keyOf({ ...resource, ...resource.metadata }, surroundings));
  const policy = checkedPolicy(operator.rollout(resource));
  const placed = withClusterNames(planned, resource.metadata);
  return {
    objects: withReads(withVersions(leaveToScalers(placed), home, seal), policy, home),
    stages,
    warnings: [...warnings, ...podNameWarnings(planned)],
    ...(orderTrouble ? { orderTrouble } : {}),
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

/** Workloads of one label value, which may be cut, would select each other's pods. */
function refuseTwins(objects: ReadonlyMap<ObjectKey, DesiredObject>): void {
  const seen = new Map<string, ObjectKey>();
  for (const [key, { name, namespace = '' }] of objects) {
    if (!isWorkload(key)) continue;
    const label = `${namespace}/${labelValue(name)}`;
    const twin = seen.get(label);
    if (twin)
      throw invalid(
        key,
        `has the name of ${twin}; their pods could not be told apart, so give one another name`,
      );
    seen.set(label, key);
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
  surroundings: Surroundings,
): ReadonlyMap<ObjectKey, readonly DesiredObject[]> {
  const users = new Map<ObjectKey, DesiredObject[]>();
  for (const [key, object] of objects) {
    if (!isWorkload(key)) continue;
    for (const used of object.options.uses ?? []) {
      const usedKey = keyOf(used, surroundings);
      const known = users.get(usedKey);
      if (known) known.push(object);
      else users.set(usedKey, [object]);
    }
  }
  return users;
}

function namespaceOf(
  key: ObjectKey,
  object: DesiredObject,
  { home, scopeOf }: Surroundings,
): string | undefined {
  const scope = scopeOf(kindOf(object));
  if (scope === SCOPES.Cluster) return undefined;
  const namespace = object.namespace ?? home;
  if (!namespace && scope === SCOPES.Namespaced && !isExternal(key))
    throw invalid(key, 'has no namespace, and neither has its resource; give it the option namespace');
  return namespace;
}

function scopeWarnings(desired: Desired): readonly string[] {
  const scopeOf = withGivenScopes(builtInScope, objectsIn(desired));
  return kindsIn(desired)
    .filter((kind) => scopeOf(kind) === undefined)
    .map(
      (kind) =>
        `${kindName(kind)} is planned as namespaced; only a cluster or its CustomResourceDefinition knows`,
    );
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
