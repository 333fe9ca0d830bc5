import ms from 'ms';
import type { Operator } from '../api/operator.ts';
import type { Manifest } from '../core/manifest.ts';
import { FINALIZER } from '../core/labels.ts';
import type { PlannedRef, Rendered } from '../core/plan/digests.ts';
import type { Stage } from '../core/plan/collect.ts';
import { isExternal } from '../core/plan/categories.ts';
import { OUR_REASONS } from '../core/reasons.ts';
import type { ObjectKey, ResourceRef } from '../core/refs.ts';
import type { SeenReference } from '../core/rollout/references.ts';
import type { Entry, PlanFailure, PlanView } from '../core/rollout/state.ts';
import { fingerprintOf, fingerprintsOf } from '../core/rollout/state.ts';
import { acceptGeneration } from '../core/status/conditions.ts';
import { placesOf } from '../core/status/report.ts';
import { rfc3339 } from '../core/rollout/times.ts';
import type { Condition, ResourceStatus } from '../core/status/resource-status.ts';
import type { Hint } from '../core/hint.ts';
import type { Dependencies } from './dependencies.ts';
import { explain, failureOf } from './failure.ts';
import { observeReferences } from './observe-references.ts';
import { readResource } from './read-resource.ts';
import type { Recovery } from './recover-inventory.ts';
import { recoverInventory } from './recover-inventory.ts';
import { asResource } from './renderer.ts';

export interface PlanRequest {
  readonly resource: ResourceRef;
  readonly seen?: Hint['resource'];
  /** What the workflow knows; absent in its first pass. */
  readonly known?: { readonly uid: string; readonly generation: number; readonly digest?: string };
  /** `fingerprintOf` each object of the inventory. */
  readonly inventory: Readonly<Record<ObjectKey, string>>;
}

/** The answer holds refs and digests of what differs from the inventory: a large resource that changes little stays small. */
export type PlanAnswer =
  | { readonly kind: 'gone' }
  | { readonly kind: 'unchanged'; readonly references?: References }
  | ({ readonly kind: 'failed'; readonly uid: string } & PlanFailure)
  | (PlanDelta & {
      readonly kind: 'planned';
      /** The conditions of the accepting status, where one was written. */
      readonly accepted?: readonly Condition[];
      readonly references?: References;
    } & Recovery)
  | ({
      readonly kind: 'deleting';
      readonly uid: string;
      readonly generation: number;
      /** Whether our finalizer still holds the resource. */
      readonly held: boolean;
      /** `kubectl delete --cascade=orphan`: the objects stay. */
      readonly orphan: boolean;
      /** Whether the author cleans up first. */
      readonly cleanUp: boolean;
      /** Stages by object, so that a workflow that knows nothing can still take down in order. */
      readonly places: Readonly<Record<ObjectKey, number>>;
    } & Recovery);

/** What was seen of objects of others; absent when nothing is read of any. */
type References = Readonly<Record<ObjectKey, SeenReference>>;

export type PlanDelta = Omit<PlanView, 'refs'> & {
  readonly changed: readonly PlannedRef[];
  /** In the inventory, and no longer wanted. */
  readonly removed: readonly ObjectKey[];
};

/**
 * Reads the resource, builds what it wants and answers with what is new. A plan that is new is accepted before anything
 * is touched: the finalizer where one is needed, and a status that says Reconciling at this generation.
 */
export async function planResource(dependencies: Dependencies, request: PlanRequest): Promise<PlanAnswer> {
  const { resource, known } = request;
  try {
    const manifest = await readResource(dependencies, resource, request.seen);
    if (!manifest) return { kind: 'gone' };
    const fresh = known?.uid !== manifest.metadata.uid;
    const recovery = fresh ? await recoverInventory(dependencies, manifest) : {};
    if (manifest.metadata.deletionTimestamp) return { ...deletionOf(dependencies, manifest), ...recovery };
    return await planLive(dependencies, request, manifest, recovery);
  } catch (error) {
    throw failureOf(error, `${resource.kind} ${resource.name}`);
  }
}

async function planLive(
  dependencies: Dependencies,
  { known, inventory }: PlanRequest,
  manifest: Manifest,
  recovery: Recovery,
): Promise<PlanAnswer> {
  const { uid = '', generation = 0 } = manifest.metadata;
  let rendered: Rendered;
  let routine: Pick<PlanView, 'routineEveryMs'>;
  try {
    rendered = dependencies.renderer.render(manifest);
    routine = routineOf(dependencies.operator, manifest);
  } catch (error) {
    dependencies.log.warn(
      { resource: manifest.metadata.name, error: explain(error) },
      'the resource cannot be built',
    );
    return { kind: 'failed', uid, generation, reason: OUR_REASONS.PlanInvalid, message: explain(error) };
  }
  const entries = recovery.recovered ? fingerprintsOf(recovery.recovered) : inventory;
  const delta = deltaOf(dependencies, { uid, generation }, rendered, entries);
  const references = await observeReferences(dependencies, delta.changed, manifest.metadata.namespace);
  const informed = Object.keys(references).length > 0 ? { references } : {};
  if (known?.uid === uid && known.generation === generation && known.digest === rendered.digest)
    return { kind: 'unchanged', ...informed };
  const isNews =
    delta.changed.length > 0 || delta.removed.length > 0 || lacksFinalizer(dependencies, manifest, rendered);
  const accepted = isNews ? await accept(dependencies, manifest, rendered) : undefined;
  return {
    kind: 'planned',
    ...delta,
    ...routine,
    ...(accepted ? { accepted } : {}),
    ...recovery,
    ...informed,
    ...(recovery.recovered ? { recovered: settledIn(recovery.recovered, rendered) } : {}),
  };
}

/** External objects that are still desired are looked at before anything is changed, which is no upgrade. */
function settledIn(
  recovered: Readonly<Record<ObjectKey, Entry>>,
  { objects }: Rendered,
): Readonly<Record<ObjectKey, Entry>> {
  return Object.fromEntries(
    Object.entries(recovered).map(([key, entry]) => {
      const template = isExternal(key) ? objects.get(key)?.ref.template : undefined;
      return [key, template ? { ...entry, template } : entry];
    }),
  );
}

function deltaOf(
  { operator }: Dependencies,
  { uid, generation }: { uid: string; generation: number },
  rendered: Rendered,
  inventory: Readonly<Record<ObjectKey, string>>,
): PlanDelta {
  const refs = Array.from(rendered.objects.values(), ({ ref }) => ref);
  return {
    uid,
    generation,
    digest: rendered.digest,
    changed: refs.filter((ref) => inventory[ref.key] !== fingerprintOf(ref)),
    removed: Object.keys(inventory).filter((key) => !rendered.objects.has(key)),
    stages: stageNames(rendered.stages),
    warnings: rendered.warnings,
    stageDeadlineMs: ms(operator.rollout.deadline as ms.StringValue),
    firstInstall: operator.rollout.firstInstall,
  };
}

function routineOf({ name, routine }: Operator, manifest: Manifest): Pick<PlanView, 'routineEveryMs'> {
  const every = routine?.every(asResource(manifest));
  if (every === undefined) return {};
  const everyMs = ms(every as ms.StringValue);
  if (everyMs >= 1_000) return { routineEveryMs: everyMs };
  throw new Error(`${name}: routine.every answered "${every}"; answer a duration of at least "1 second"`);
}

/** The role; where several stages have one role, with the workload. */
function stageNames(stages: readonly Stage[]): string[] {
  return stages.map(({ role, workloads }) => {
    const alone = stages.filter((other) => other.role === role).length === 1;
    return alone ? role : `${role} (${workloads.map((key) => key.split('/').at(-1)).join(', ')})`;
  });
}

/** The finalizer first, then the status; each in one idempotent call. */
async function accept(
  dependencies: Dependencies,
  manifest: Manifest,
  rendered: Rendered,
): Promise<readonly Condition[]> {
  const { api, operator } = dependencies;
  const { name, namespace, uid, generation = 0 } = manifest.metadata;
  const header = {
    apiVersion: manifest.apiVersion,
    kind: manifest.kind,
    metadata: { name, ...(namespace ? { namespace } : {}), ...(uid ? { uid } : {}) },
  };
  if (lacksFinalizer(dependencies, manifest, rendered))
    await api.apply(
      { ...header, metadata: { ...header.metadata, finalizers: [FINALIZER] } },
      { fieldManager: `${operator.name}-finalizer` },
    );
  const previous = manifest['status'] as ResourceStatus | undefined;
  const keys = [...rendered.objects.keys(), ...(previous?.inventory?.externals ?? [])];
  const { kinds, externals } = placesOf(keys, namespace);
  const status = acceptGeneration(previous, generation, rfc3339(Date.now()), {
    objects: previous?.inventory?.objects ?? 0,
    ...(externals ? { externals } : {}),
    // The bridge watches what a status names: said before anything is applied, no first event is missed.
    kinds: [...new Set([...(previous?.inventory?.kinds ?? []), ...kinds])].sort(),
    fingerprint: previous?.inventory?.fingerprint ?? '',
  });
  await api.apply({ ...header, status }, { fieldManager: `${operator.name}-status`, subresource: 'status' });
  return status.conditions;
}

function lacksFinalizer(dependencies: Dependencies, { metadata }: Manifest, rendered: Rendered): boolean {
  return !metadata.finalizers?.includes(FINALIZER) && needsFinalizer(dependencies, rendered);
}

/** An order to take down, something to clean up, something that no ownerReference will collect. */
function needsFinalizer({ operator }: Dependencies, rendered: Rendered): boolean {
  if (operator.onDelete || rendered.stages.length > 1) return true;
  return Array.from(rendered.objects.values()).some(
    ({ manifest, ref }) => !ref.retain && !manifest.metadata.ownerReferences,
  );
}

function deletionOf(
  { operator, renderer }: Dependencies,
  manifest: Manifest,
): Extract<PlanAnswer, { kind: 'deleting' }> {
  const { uid = '', generation = 0, finalizers = [] } = manifest.metadata;
  let places: Record<ObjectKey, number> = {};
  try {
    const { objects } = renderer.render(manifest);
    places = Object.fromEntries(
      Array.from(objects.values()).flatMap(({ ref }) =>
        ref.stage === undefined ? [] : [[ref.key, ref.stage]],
      ),
    );
  } catch {
    // A resource that cannot be built can still be deleted; what is known of its order is in the workflow's inventory.
    places = {};
  }
  return {
    kind: 'deleting',
    uid,
    generation,
    held: finalizers.includes(FINALIZER),
    orphan: finalizers.includes('orphan'),
    cleanUp: operator.onDelete !== undefined,
    places,
  };
}
