/**
 * The steps by which a workload gets another shape. Each is safe to repeat, from any point at which it was cut off: deletes
 * carry a uid, patches test one, and what exists is not created again.
 */
import { Context } from '@temporalio/activity';
import type { Manifest } from '../core/manifest.ts';
import { controllerOf, isOfAnother } from '../core/ownership.ts';
import { titleOf } from '../core/plan/categories.ts';
import type { ObjectKey, ResourceRef } from '../core/refs.ts';
import { parseObjectKey } from '../core/refs.ts';
import type { Entry } from '../core/rollout/state.ts';
import { claimTemplatesOf } from '../core/storage/claims.ts';
import type { Growth, Journal } from '../core/storage/next-reshape.ts';
import type { ApplyResult } from '../core/rollout/fold.ts';
import { changesClaims, replacementOf, replacesPods, reshaped } from '../core/storage/shape.ts';
import { digestOf } from '../core/labels.ts';
import { conflictOf } from './apply-refusal.ts';
import type { Dependencies } from './dependencies.ts';
import type { News } from './event-recorder.ts';
import { findScalers } from './find-scalers.ts';
import { failureOf } from './failure.ts';
import { hold, unhold } from './finalizer.ts';
import { refusalMessage } from './lasting-refusal.ts';
import { readDesired, wantedOf } from './observe-shape.ts';
import { podsOf } from './owned-pods.ts';
import { claimantOf, OwnershipConflict, refuseAnother } from './ownership.ts';
import type { PlanRef } from './read-resource.ts';
import { makeReplacement } from './replace-workload.ts';
import type { Refused } from './recreate.ts';
import { giveBackFields, isRefusal, make, managers, putBack, tryOut, untilGone } from './recreate.ts';
import {
  creatable,
  journalledWorkloads,
  readJournal,
  removeJournal,
  writeJournal,
} from './recreation-journal.ts';
import { entryOf } from './recover-inventory.ts';

/** What the server said of a step; a refusal leaves all as it was. */
export type StepResult =
  /** `made`: of a workload that was made from nothing, what is there now. */
  { readonly done: true; readonly made?: ApplyResult } | ({ readonly done: false } & Refused);

const DONE: StepResult = { done: true };
/** Asks for larger volumes (or, of an expansion that cannot succeed, for smaller ones). */
export async function growClaims(
  dependencies: Dependencies,
  plan: PlanRef,
  key: ObjectKey,
  claims: readonly Growth[],
): Promise<StepResult> {
  const { api } = dependencies;
  const { resource } = await readDesired(dependencies, plan, key);
  const { namespace } = parseObjectKey(key, plan.resource.namespace);
  for (const { name, uid, storage } of claims) {
    const ref = { group: '', kind: 'PersistentVolumeClaim', ...(namespace ? { namespace } : {}), name };
    try {
      await api.patch(ref, [
        { op: 'test', path: '/metadata/uid', value: uid },
        { op: 'replace', path: '/spec/resources/requests/storage', value: storage },
      ]);
    } catch (error) {
      if (!isRefusal(error)) throw failureOf(error, `PersistentVolumeClaim ${name}`);
      return {
        done: false,
        reason: error.reason,
        message: `PersistentVolumeClaim ${name}: ${refusalMessage(error)}`,
      };
    }
  }
  const sizes = [...new Set(claims.map(({ storage }) => storage))].join(', ');
  const names = claims.map(({ name }) => name).join(', ');
  tell(dependencies, resource, key, normal('ClaimsGrown', 'Expand', `asked for ${sizes}: ${names}`));
  return DONE;
}

/**
 * Writes the journal and deletes the StatefulSet, not its pods (of another kind, that is to be replaced with its pods, them
 * too). A trial goes before: what the server would refuse is not begun.
 */
export async function releasePods(
  dependencies: Dependencies,
  plan: PlanRef,
  key: ObjectKey,
  uid: string,
): Promise<StepResult> {
  const { api, operator } = dependencies;
  const claimant = claimantOf(plan);
  const { resource, desired } = await readDesired(dependencies, plan, key);
  const ref = parseObjectKey(key, plan.resource.namespace);
  try {
    const live = await api.get(ref);
    if (live) await refuseAnother(api, live, claimant);
    if (live?.metadata.uid === uid && !live.metadata.deletionTimestamp) {
      const wanted = wantedOf(plan, desired, live);
      const isNew = replacesPods(wanted, live);
      const refused = await tryOut(api, isNew ? wanted : reshaped(creatable(live), wanted));
      if (refused) return { done: false, ...refused };
      const pods = await podsOf(api, live);
      const journal: Journal = {
        uid,
        manifest: { ...creatable(live), metadata: { ...creatable(live).metadata, ...managers(live) } },
        pods: Object.fromEntries(pods.map(({ metadata }) => [metadata.name, metadata.uid ?? ''])),
        controllers: [...new Set(pods.flatMap((pod) => controllerOf(pod)?.uid ?? []))],
      };
      // A resource that went in the middle would leave pods that nobody deletes.
      await hold(dependencies, resource);
      await writeJournal(api, ref, journal, { claimant, fieldManager: operator.name });
      // What was written down is what is deleted: a scale or an edit in between makes this a conflict, and all begins again.
      const { resourceVersion } = live.metadata;
      await api.remove(ref, {
        uid,
        ...(resourceVersion ? { resourceVersion } : {}),
        // Of a StatefulSet not even claims go that it says are to go with it.
        propagationPolicy: ref.kind === 'StatefulSet' ? 'Orphan' : 'Foreground',
      });
      const how =
        (isNew
          ? `is replaced together with its ${pods.length} pods, since its selector changes`
          : replacementOf(wanted, live)) ?? `is made anew around its ${pods.length} pods, which keep running`;
      tell(dependencies, resource, key, normal('Recreating', 'Delete', `${titleOf(key)} ${how}`));
    }
    await untilGone(api, ref, uid);
    return DONE;
  } catch (error) {
    return conflicting(error, key);
  }
}

/** @throws every other failure. */
function conflicting(error: unknown, key: ObjectKey): StepResult {
  if (error instanceof OwnershipConflict) return { done: false, ...conflictOf(error) };
  throw failureOf(error, titleOf(key));
}

/**
 * Makes the StatefulSet anew in its desired shape, with the pod template and the replicas it had; one that is replaced, as it
 * is wanted; as it was, when it is refused.
 */
export async function recreateStatefulSet(
  dependencies: Dependencies,
  plan: PlanRef,
  key: ObjectKey,
): Promise<StepResult> {
  const { api, operator } = dependencies;
  const claimant = claimantOf(plan);
  const { resource, desired, kept } = await readDesired(dependencies, plan, key);
  const ref = parseObjectKey(key, plan.resource.namespace);
  try {
    const journal = await readJournal(api, ref, plan.uid);
    if (!journal) return DONE;
    const taken = await api.get(ref);
    if (taken) await refuseAnother(api, taken, claimant);
    const wanted = wantedOf(plan, desired, journal.manifest);
    const made = replacementOf(wanted, journal.manifest)
      ? await makeReplacement(dependencies, plan, kept.objects.get(key), journal)
      : await make(api, ref, journal, wanted);
    if (made && 'applied' in made) return { done: true, made };
    const refused = made;
    if (refused?.holder !== undefined) return { done: false, ...refused };
    if (refused) {
      const digest = digestOf(desired);
      await writeJournal(
        api,
        ref,
        { ...journal, refused: { digest, ...refused } },
        { claimant, fieldManager: operator.name },
      );
      await putBack(api, ref, journal, claimant);
      tell(
        dependencies,
        resource,
        key,
        warning(refused.reason, `${titleOf(key)} is put back as it was: ${refused.message}`),
      );
      return { done: false, ...refused };
    }
    await giveBackFields(api, ref, journal, claimant);
    return DONE;
  } catch (error) {
    return conflicting(error, key);
  }
}

/**
 * Its pods are adopted: tells whether each is the one it was, and forgets what was written down.
 *
 * @param isHeld the inventory has what nothing but the workflow deletes, also where the plan has nothing of the kind.
 */
export async function settleStatefulSet(
  dependencies: Dependencies,
  plan: PlanRef,
  key: ObjectKey,
  isHeld: boolean,
): Promise<StepResult> {
  const { api } = dependencies;
  const { resource, kept } = await readDesired(dependencies, plan, key);
  const ref = parseObjectKey(key, plan.resource.namespace);
  try {
    const journal = await readJournal(api, ref, plan.uid);
    if (!journal) return DONE;
    const live = await api.get(ref);
    if (live && live.metadata.uid !== journal.uid && !journal.refused) {
      const pods = await podsOf(api, live);
      tell(dependencies, resource, key, recreated(key, journal, live, pods));
    }
    await removeJournal(api, ref, plan.uid);
    const others = await journalledWorkloads(api, plan.uid, plan.resource.namespace);
    if (others.length === 0 && !isHeld) await unhold(dependencies, resource, kept);
    return DONE;
  } catch (error) {
    throw failureOf(error, titleOf(key));
  }
}

/** What a resource that is deleted, or wants it no more, left between two shapes: put back as it was, so that it can be deleted with its pods. */
export async function restoreStatefulSets(
  dependencies: Dependencies,
  resource: ResourceRef,
  keys: readonly ObjectKey[],
  uid: string,
): Promise<readonly { readonly key: ObjectKey; readonly entry?: Entry }[]> {
  const { api, operator } = dependencies;
  const claimant = claimantOf({ resource, uid });
  return Promise.all(
    keys.map(async (key) => {
      const ref = parseObjectKey(key, resource.namespace);
      try {
        const journal = await readJournal(api, ref, uid);
        if (journal) {
          await untilGone(api, ref, journal.uid);
          await putBack(api, ref, journal, claimant);
        }
        const live = await api.get(ref);
        await removeJournal(api, ref, uid);
        return {
          key,
          ...(live && !isOfAnother(live, claimant)
            ? { entry: entryOf(live, operator.name, await findScalers(dependencies, ref.namespace)) }
            : {}),
        };
      } catch (error) {
        throw failureOf(error, titleOf(key));
      }
    }),
  );
}

function recreated(key: ObjectKey, journal: Journal, live: Manifest, pods: readonly Manifest[]): News {
  const same = pods.filter(({ metadata }) => journal.pods[metadata.name] === metadata.uid);
  const others = Object.keys(journal.pods).filter(
    (name) => !same.some(({ metadata }) => metadata.name === name),
  );
  const claims = claimTemplatesOf(live).map(({ name, storage }) => `${name} ${storage}`);
  const shape = claims.length > 0 ? `, claims ${claims.join(', ')}` : '';
  if (replacesPods(live, journal.manifest))
    return normal('Recreated', 'Create', `${titleOf(key)} is replaced${shape}; its former pods are gone`);
  if (changesClaims(live, journal.manifest)) {
    const how = `its ${same.length} pods are adopted, and replaced one by one`;
    return normal('Recreated', 'Create', `${titleOf(key)} is created again${shape}; ${how}`);
  }
  const note = `${titleOf(key)} is made anew${shape}; ${same.length} pods adopted, none restarted`;
  return others.length === 0
    ? normal('Recreated', 'Create', note)
    : warning('Recreated', `${note}; meanwhile replaced by others: ${others.join(', ')}`, 'Create');
}

function normal(reason: string, action: string, note: string): News {
  return { type: 'Normal', reason, action, note };
}

function warning(reason: string, note: string, action = 'Apply'): News {
  return { type: 'Warning', reason, action, note };
}

function tell({ events }: Dependencies, regarding: Manifest, key: ObjectKey, news: News): void {
  const { info } = Context.current();
  events.record(
    { regarding, occurrence: `${info.workflowExecution?.runId} ${info.activityId} ${key}` },
    news,
  );
}
