import { Context } from '@temporalio/activity';
import { LABELS, labelValue } from '../core/labels.ts';
import type { Health } from '../core/health/health.ts';
import { health } from '../core/health/index.ts';
import type { Manifest } from '../core/manifest.ts';
import type { Claimant } from '../core/ownership.ts';
import { ownerLabel } from '../core/ownership.ts';
import { titleOf } from '../core/plan/categories.ts';
import type { ObjectKey } from '../core/refs.ts';
import { parseObjectKey } from '../core/refs.ts';
import type { Entry } from '../core/rollout/state.ts';
import { isApproved, tokenOf } from '../core/rollout/course.ts';
import { claimNamesOf, mustAsk, sizedClaims } from '../core/storage/claims.ts';
import type { Journal, ReshapeStep, ShapeRefusal } from '../core/storage/next-reshape.ts';
import { nextReshape } from '../core/storage/next-reshape.ts';
import { isAboutShape, withGrownClaims } from '../core/storage/shape.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import { confirmedRefusal, conflictOf } from './apply-refusal.ts';
import { ordersIn } from './choose-plan.ts';
import type { Dependencies } from './dependencies.ts';
import { findScalers } from './find-scalers.ts';
import { failureOf, planStale } from './failure.ts';
import { podsLeft, podsOf } from './owned-pods.ts';
import { claimantOf, OwnershipConflict, refuseAnother } from './ownership.ts';
import type { PlanRef } from './read-resource.ts';
import { readPlanned } from './read-resource.ts';
import { refusalMessage } from './lasting-refusal.ts';
import { readJournal } from './recreation-journal.ts';
import { entryOf } from './recover-inventory.ts';
import { storageClass } from './storage-class.ts';
import type { KeptPlan } from './revisions.ts';

/** What comes next; with `done`, the object as it is now, or nothing when there is none. */
export type ShapeAnswer =
  | Exclude<ReshapeStep, { kind: 'done' }>
  /** `health`: what its pods say, of which no news may come. */
  | { readonly kind: 'done'; readonly entry?: Entry; readonly health?: Health };

/** Looks at a workload that must get another shape, and says the next step. Changes nothing: the server is asked in a trial. */
export async function observeShape(
  dependencies: Dependencies,
  plan: PlanRef,
  key: ObjectKey,
): Promise<ShapeAnswer> {
  const { api, operator } = dependencies;
  const { resource, kept, desired: planned } = await readDesired(dependencies, plan, key);
  const now = Date.now();
  const token = tokenOf(kept.digest, key, 'loss');
  const approval = { token, given: isApproved(ordersIn(resource), token, now) };
  try {
    const ref = parseObjectKey(key, plan.resource.namespace);
    const [live, journal] = await Promise.all([api.get(ref), readJournal(api, ref, plan.uid)]);
    if (live) await refuseAnother(api, live, claimantOf(plan));
    const claims = await claimsOf(api, planned, live ?? journal?.manifest ?? planned, claimantOf(plan));
    const pods = await podsBefore(api, live, journal);
    const desired = wantedOf(plan, planned, live ?? journal?.manifest);
    const tried = live && !live.metadata.deletionTimestamp;
    const refusal = tried ? await trial(dependencies, key, desired, live) : undefined;
    const classes = await classesOf(api, desired, claims);
    const goesBack = plan.revision !== undefined;
    const step = nextReshape({
      ...{ desired, live, journal, claims, pods, classes, refusal, approval, goesBack, now },
    });
    if (step.kind !== 'done') return step;
    if (!live) return { kind: 'done' };
    const entry = entryOf(live, operator.name, await findScalers(dependencies, ref.namespace));
    return { kind: 'done', entry, health: health(live, pods, { now }) };
  } catch (error) {
    if (error instanceof OwnershipConflict) return { kind: 'refuse', ...conflictOf(error) };
    throw failureOf(error, titleOf(key));
  }
}

/** Those that it has, and those that it had before it was deleted and that are to be adopted, or to go. */
async function podsBefore(
  api: KubernetesApi,
  live: Manifest | undefined,
  journal: Journal | undefined,
): Promise<readonly Manifest[]> {
  const [own, left] = await Promise.all([
    live ? podsOf(api, live) : [],
    journal ? podsLeft(api, journal) : [],
  ]);
  const known = new Set(own.map(({ metadata }) => metadata.uid));
  return [...own, ...left.filter(({ metadata }) => !known.has(metadata.uid))];
}

/** The desired manifest, as planned. @throws ApplicationFailure `PlanStale` */
export async function readDesired(
  dependencies: Dependencies,
  plan: PlanRef,
  key: ObjectKey,
): Promise<{ readonly resource: Manifest; readonly kept: KeptPlan; readonly desired: Manifest }> {
  const { manifest, plan: kept } = await readPlanned(dependencies, plan);
  const desired = kept.objects.get(key)?.manifest;
  if (!desired) throw planStale(`${titleOf(key)} is no longer planned`);
  return { resource: manifest, kept, desired };
}

/** An older plan that is carried out again asks for the claims of its time: those that have grown since stay as they are. */
export function wantedOf({ revision }: PlanRef, planned: Manifest, live: Manifest | undefined): Manifest {
  return revision && live ? withGrownClaims(planned, live) : planned;
}

/** The claims that pods of a StatefulSet mount, by name, and those of pods that were scaled away, by label. */
async function claimsOf(
  api: KubernetesApi,
  desired: Manifest,
  live: Manifest,
  claimant: Claimant,
): Promise<readonly Manifest[]> {
  const { name, namespace } = desired.metadata;
  const place = namespace ? { namespace } : {};
  const owner = ownerLabel(claimant);
  const labelSelector = `${LABELS.owner}=${owner},${LABELS.workload}=${labelValue(name)}`;
  const { items } = await api.list(CLAIM, { ...place, labelSelector });
  const known = new Set(items.map(({ metadata }) => metadata.name));
  const mounted = await Promise.all(
    claimNamesOf(desired, live)
      .filter((claim) => !known.has(claim))
      .map((claim) => api.get({ ...CLAIM, ...place, name: claim })),
  );
  return [
    ...items,
    // One without our label was made when the workload had another selector.
    ...mounted.filter((claim) => claim && (claim.metadata.labels?.[LABELS.owner] ?? owner) === owner),
  ].filter((claim) => claim !== undefined);
}

const CLAIM = { group: '', kind: 'PersistentVolumeClaim' } as const;

async function trial(
  { api, operator }: Dependencies,
  key: ObjectKey,
  desired: Manifest,
  live: Manifest,
): Promise<ShapeRefusal | undefined> {
  const fieldManager = operator.name;
  try {
    await api.apply(desired, { fieldManager, trial: true, signal: Context.current().cancellationSignal });
    return undefined;
  } catch (error) {
    const unconverted = await confirmedRefusal({ api, operator }, desired, key, error);
    if (unconverted) return { aboutShape: false, ...unconverted };
    if (!(error instanceof StatusError) || error.isTransient) throw error;
    return {
      aboutShape: isAboutShape(desired, live, error.causes),
      reason: error.reason,
      message: refusalMessage(error),
    };
  }
}

async function classesOf(
  api: KubernetesApi,
  desired: Manifest,
  claims: readonly Manifest[],
): Promise<ReadonlyMap<string, Manifest>> {
  const asked = sizedClaims(desired, claims).filter(mustAsk);
  const names = [...new Set(asked.map(({ className }) => className))].filter(Boolean);
  const found = await Promise.all(names.map((name) => storageClass(api, name)));
  return new Map(found.flatMap((each) => (each ? [[each.metadata.name, each] as const] : [])));
}
