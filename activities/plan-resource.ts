import { ApplicationFailure } from '@temporalio/common';
import type { Orders, Signed } from '../core/commands/orders.ts';
import type { Terminating } from '../core/finalizers.ts';
import { terminatingOf } from '../core/finalizers.ts';
import { FINALIZER } from '../core/labels.ts';
import type { Manifest } from '../core/manifest.ts';
import type { Contents } from '../core/plan/digests.ts';
import { OUR_REASONS } from '../core/reasons.ts';
import type { ObjectKey, ResourceRef } from '../core/refs.ts';
import type { Settling } from '../core/rollout/quiet-time.ts';
import type { Memory } from '../core/rollout/course.ts';
import { plan } from '../core/plan/plan.ts';
import type { Reads } from '../core/rollout/reads.ts';
import { contentsOf } from '../core/rollout/references.ts';
import type { Overwritten, PlanFailure, StatusSeen } from '../core/rollout/state.ts';
import { fingerprintsOf } from '../core/rollout/state.ts';
import { framesOf } from '../core/thrown-at.ts';
import { acceptGeneration } from '../core/status/conditions.ts';
import { elsewhereOf, kindsOf, wantedOf } from '../core/status/report.ts';
import { rfc3339 } from '../core/rollout/times.ts';
import { readStatus } from '../core/status/read-status.ts';
import type { Condition } from '../core/status/resource-status.ts';
import type { Hint } from '../core/hint.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import type { Chosen, PlanDelta } from './choose-plan.ts';
import { deltaOf, ordersIn } from './choose-plan.ts';
import type { SeenContents, Settles } from './choose-settled.ts';
import { chooseSettled } from './choose-settled.ts';
import type { Dependencies } from './dependencies.ts';
import { explainPlace, failureOf } from './failure.ts';
import type { References } from './observe-references.ts';
import { observeReads, observeRequired, rereadOf } from './observe-references.ts';
import { hold, lacksFinalizer } from './finalizer.ts';
import { tellLeftBehind } from './left-behind.ts';
import { readKnown, readResource } from './read-resource.ts';
import { asResource } from './renderer.ts';
import { reportRefusedRead } from './refused-reads.ts';
import type { Remembered } from './remembered.ts';
import { isOnlyUncertain, ofOurs, placedIn, rememberedBy } from './remembered.ts';
import type { Recovery } from './recover-inventory.ts';
import { findStrays, recoverInventory } from './recover-inventory.ts';
import type { KeptPlan, RunningTemplates } from './revisions.ts';
import { overwrittenIn, seenStatus, writeStatus } from './write-status.ts';

export interface PlanRequest {
  readonly resource: ResourceRef;
  readonly seen?: Hint['resource'];
  /** What the workflow knows; absent in its first pass. */
  readonly known?: { readonly uid: string; readonly generation: number; readonly version?: string };
  /** What the workflow remembers of good and bad plans; in a first pass the resource's status does. */
  readonly memory: Memory;
  /** The workflow's clock, in epoch milliseconds: windows and approvals are judged by one clock. */
  readonly now: number;
  /** `fingerprintOf` each object of the inventory. */
  readonly inventory: Readonly<Record<ObjectKey, string>>;
  /** The status as it was last written; absent in a first pass. */
  readonly written?: StatusSeen;
  /** Of what pods read of others, as it was last seen; absent when they read nothing. */
  readonly contents?: Contents;
  /** Of those, what changed and is not taken up yet. */
  readonly settling?: Settling;
  /** Pod templates as they were last applied; absent in a first pass. */
  readonly templates?: RunningTemplates;
  /** What operator code read that is in trouble; absent when nothing is. */
  readonly reads?: Reads;
  /** Something may have been missed: objects that the inventory does not have are looked for, too. */
  readonly resync?: true;
}

/** The answer holds refs and digests of what differs from the inventory: a large resource that changes little stays small. */
export type PlanAnswer = Look & {
  /** The status is not as it was written. */
  readonly overwritten?: Overwritten;
};

type Look =
  | { readonly kind: 'gone' }
  | ({ readonly kind: 'unchanged'; readonly references?: References; readonly reread?: Reads } & Settles &
      Pick<Recovery, 'strays' | 'unlisted'>)
  | ({ readonly kind: 'failed'; readonly uid: string } & PlanFailure & Recovery)
  | (PlanDelta & {
      readonly kind: 'planned';
      /** The conditions of the accepting status, where one was written. */
      readonly accepted?: readonly Condition[];
      /** How long that took, in milliseconds. */
      readonly acceptedInMs?: number;
      /** The accepting status, as the API server has it. */
      readonly written?: StatusSeen;
      readonly references?: References;
      /** What operator code that is in trouble read, and what is another now. */
      readonly reread?: Reads;
      /** What the status remembers, for a workflow that knows nothing. */
      readonly remembered?: Remembered;
    } & Settles &
      Recovery)
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
      /** `kubectl delete --cascade=foreground`: the garbage collector deletes the objects in any order. */
      readonly foreground: boolean;
      /** Somebody asked that it end whatever is left. */
      readonly abandon?: Signed;
      /** Somebody asked that what is waited for be tried at once. */
      readonly retry?: NonNullable<Orders['retry']>;
      readonly reread?: Reads;
      /** Finalizers of others that hold the resource. */
      readonly terminating?: Terminating;
      /** Stages by object, so that a workflow that knows nothing can still take down in order. */
      readonly places: Readonly<Record<ObjectKey, number>>;
    } & Recovery);

/**
 * Reads the resource, builds what it wants and answers with what is new. A plan that is new is accepted before anything
 * is touched: the finalizer where one is needed, and a status that says Reconciling at this generation.
 */
export async function planResource(dependencies: Dependencies, request: PlanRequest): Promise<PlanAnswer> {
  const { resource, known } = request;
  try {
    // One that was never seen waits for its kind, which may be about to be installed.
    const read = known ? readKnown : readResource;
    const manifest = await read(dependencies, resource, request.resync ? undefined : request.seen).catch(
      (error: unknown) => {
        reportRefusedRead(dependencies, resource, error);
        throw error;
      },
    );
    if (known && manifest?.metadata.uid !== known.uid)
      await tellLeftBehind(dependencies, resource, known.uid, Object.keys(request.inventory));
    if (!manifest) return { kind: 'gone' };
    const fresh = known?.uid !== manifest.metadata.uid;
    const recovery = fresh
      ? await recoverInventory(dependencies, manifest)
      : request.resync
        ? await findStrays(dependencies, manifest, request.inventory)
        : {};
    const reread = await rereadOf(dependencies, request.reads ?? {}, manifest.metadata.namespace);
    const news = { ...recovery, ...(reread ? { reread } : {}) };
    const overwritten = await overwrittenIn(
      dependencies,
      resource,
      manifest,
      fresh ? undefined : request.written,
    );
    const answer = manifest.metadata.deletionTimestamp
      ? { ...deletionOf(dependencies, manifest), ...ofOurs(recovery), ...(reread ? { reread } : {}) }
      : await planLive(dependencies, request, manifest, news);
    return { ...answer, ...(overwritten ? { overwritten } : {}) };
  } catch (error) {
    throw failureOf(error, `${resource.kind} ${resource.name}`);
  }
}

/** What the resource wants now; or why it cannot be built. */
async function build(
  dependencies: Dependencies,
  manifest: Manifest,
  memory: Memory,
  known: Omit<SeenContents, 'newest'>,
): Promise<
  | ({ readonly kind: 'built'; readonly read: References; readonly chosen: Chosen } & Settles)
  | ({ readonly kind: 'failed'; readonly uid: string } & PlanFailure)
> {
  const { name, namespace, uid = '', generation = 0 } = manifest.metadata;
  try {
    const plan = await dependencies.renderer.plan(manifest);
    const read = await observeReads(dependencies, plan, known.contents, namespace);
    const seen = { ...known, newest: contentsOf(read) };
    return { kind: 'built', read, ...(await chooseSettled(dependencies, manifest, memory, seen)) };
  } catch (error) {
    if (error instanceof StatusError || error instanceof ApplicationFailure) throw error;
    const message = explainPlace(error);
    dependencies.log.warn(
      { resource: name, error: message, stack: framesOf(error) },
      'the resource cannot be built',
    );
    return { kind: 'failed', uid, generation, reason: OUR_REASONS.PlanInvalid, message };
  }
}

async function planLive(
  dependencies: Dependencies,
  { known, inventory, memory, now, contents = {}, settling, templates }: PlanRequest,
  manifest: Manifest,
  recovery: Recovery & { readonly reread?: Reads },
): Promise<Look> {
  const { uid = '', generation = 0 } = manifest.metadata;
  const remembered = known?.uid === uid ? undefined : rememberedBy(manifest);
  const built = await build(dependencies, manifest, remembered?.memory ?? memory, {
    known,
    contents,
    settling,
    now,
  });
  if (built.kind === 'failed') return { ...built, ...recovery };
  const { read, chosen } = built;
  const { version } = chosen.view;
  const { strays, recovered: found } = recovery;
  const recovered = found && placedIn(found, chosen.plan);
  const entries = recovered ? fingerprintsOf(recovered) : { ...inventory, ...fingerprintsOf(strays ?? {}) };
  const delta = deltaOf({ uid, generation }, chosen, entries);
  const required = await observeRequired(dependencies, delta.changed, read, manifest);
  const informed = informedOf({ ...required, ...read }, built.settling);
  const isUnheld = lacksFinalizer(dependencies, manifest, chosen.plan);
  if (known?.uid === uid && known.generation === generation && known.version === version) {
    if (isUnheld) await hold(dependencies, manifest);
    return { kind: 'unchanged', ...informed, ...recovery };
  }
  const isSame = remembered !== undefined && readStatus(manifest).observedGeneration === generation;
  const isNews = hasNews(delta, isSame ? recovered : {}) || isUnheld;
  const accepted = isNews ? await accept(dependencies, manifest, chosen, templates) : undefined;
  return {
    kind: 'planned',
    ...delta,
    ...accepted,
    ...recovery,
    ...(remembered ? { remembered } : {}),
    ...informed,
    ...(recovered ? { recovered } : {}),
  };
}

function informedOf(
  references: References,
  settling: Settling | undefined,
): Settles & { readonly references?: References } {
  return {
    ...(Object.keys(references).length > 0 ? { references } : {}),
    ...(settling ? { settling } : {}),
  };
}

/** Whether there is more to do than to make certain of what was recovered. */
function hasNews({ changed, removed }: PlanDelta, recovered: Recovery['recovered'] = {}): boolean {
  return (
    removed.length > 0 || changed.some(({ key, template }) => !isOnlyUncertain(recovered[key], template))
  );
}

/** The finalizer first, then the status and the revision; each in one idempotent call. */
async function accept(
  dependencies: Dependencies,
  manifest: Manifest,
  { plan, newest, shelf, memory, view }: Chosen,
  templates: RunningTemplates | undefined,
): Promise<Pick<Extract<Look, { kind: 'planned' }>, 'accepted' | 'acceptedInMs' | 'written'>> {
  const { revisions } = dependencies;
  const { name, namespace, uid, generation = 0 } = manifest.metadata;
  const header = {
    apiVersion: manifest.apiVersion,
    kind: manifest.kind,
    metadata: { name, ...(namespace ? { namespace } : {}), ...(uid ? { uid } : {}) },
  };
  const isToBeHeld = lacksFinalizer(dependencies, manifest, plan);
  if (isToBeHeld) await hold(dependencies, manifest);
  const { resourceVersion } = manifest.metadata;
  const known = isToBeHeld || !resourceVersion ? {} : { resourceVersion };
  const previous = isTold(manifest) ? readStatus(manifest) : undefined;
  const { externals, adopted, unconfirmed } = previous?.inventory ?? {};
  const wanted = wantedOf([...plan.objects.keys()], externals ?? []);
  const status = acceptGeneration(previous, generation, rfc3339(Date.now()), {
    objects: previous?.inventory?.objects ?? 0,
    ...(externals ? { externals } : {}),
    ...(adopted ? { adopted } : {}),
    ...(unconfirmed ? { unconfirmed } : {}),
    ...(wanted.length > 0 ? { wanted } : {}),
    ...elsewhereOf(plan.objects.keys(), previous?.inventory?.elsewhere),
    // The bridge watches what a status names: said before anything is applied, no first event is missed.
    kinds: [
      ...new Set([...(previous?.inventory?.kinds ?? []), ...kindsOf(plan.objects.keys(), namespace)]),
    ].sort(),
    fingerprint: previous?.inventory?.fingerprint ?? '',
  });
  const began = performance.now();
  const [object, kept] = await Promise.all([
    writeStatus(dependencies, { ...header, metadata: { ...header.metadata, ...known } }, status),
    shelf && view.course?.kind === 'newest' ? revisions.keep(shelf, newest) : undefined,
    // What was never planned before has nothing to sweep.
    shelf && templates
      ? revisions.sweep(shelf, memory, { newest: newest.digest, templates: behind(newest, templates) })
      : undefined,
  ]);
  if (kept?.tooLarge !== undefined) tellTooLarge(dependencies, manifest, kept.tooLarge);
  const acceptedInMs = Math.round(performance.now() - began);
  return { accepted: status.conditions, acceptedInMs, written: seenStatus(object) };
}

function isTold(manifest: Manifest): boolean {
  return readStatus(manifest).conditions !== undefined;
}

/** Of the templates that run, those that the newest plan does not have. */
function behind({ objects }: KeptPlan, templates: RunningTemplates): RunningTemplates {
  return Object.fromEntries(
    Object.entries(templates).filter(([key, template]) => objects.get(key)?.ref.template !== template),
  );
}

function tellTooLarge({ events }: Dependencies, regarding: Manifest, bytes: number): void {
  const { generation = 0 } = regarding.metadata;
  events.record(
    { regarding, occurrence: `generation ${generation}` },
    {
      type: 'Warning',
      reason: 'RevisionTooLarge',
      action: 'Keep',
      note: `the objects of generation ${generation} take ${(bytes / 1_000_000).toFixed(1)} MB compressed, more than a ControllerRevision holds; it cannot be rolled back to`,
    },
  );
}

function deletionOf(
  { operator }: Dependencies,
  manifest: Manifest,
): Extract<PlanAnswer, { kind: 'deleting' }> {
  const { uid = '', generation = 0, finalizers = [] } = manifest.metadata;
  const orders = ordersIn(manifest);
  const terminating = terminatingOf(manifest);
  let places: Record<ObjectKey, number> = {};
  try {
    const { objects } = plan(operator, asResource(manifest));
    places = Object.fromEntries(
      objects.flatMap(({ key, stage }) => (stage === undefined ? [] : [[key, stage]])),
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
    ...(terminating ? { terminating } : {}),
    orphan: finalizers.includes('orphan'),
    foreground: finalizers.includes('foregroundDeletion'),
    cleanUp: operator.onDelete !== undefined,
    ...(orders.abandon ? { abandon: orders.abandon } : {}),
    ...(orders.retry ? { retry: orders.retry } : {}),
    places,
  };
}
