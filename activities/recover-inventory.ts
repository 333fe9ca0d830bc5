import { inventoryFingerprint, ownedFields } from '../core/fields.ts';
import { health } from '../core/health/index.ts';
import { ANNOTATIONS, LABELS } from '../core/labels.ts';
import type { Manifest } from '../core/manifest.ts';
import type { Claimant } from '../core/ownership.ts';
import { isOfAnother } from '../core/ownership.ts';
import { CATEGORIES, categoryOfKind, isConfiguration, isWorkload } from '../core/plan/categories.ts';
import { configurationOf } from '../core/plan/templates.ts';
import { STATUS_REASONS } from '../core/reasons.ts';
import type { ObjectKey } from '../core/refs.ts';
import { objectKey, parseKindName } from '../core/refs.ts';
import { ONLY_THE_CANARY } from '../core/rollout/canary.ts';
import { hasOnlyNewPods } from '../core/rollout/readers.ts';
import type { Entry } from '../core/rollout/state.ts';
import type { Unreadable } from '../core/rollout/unread.ts';
import type { Scaler } from '../core/scalers.ts';
import { scaleRecovered } from '../core/rollout/scaling.ts';
import { scaleOf } from '../core/scalers.ts';
import { readStatus } from '../core/status/read-status.ts';
import { claimSizes } from '../core/storage/claims.ts';
import type { ResourceStatus } from '../core/status/resource-status.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import { journalledWorkloads } from './recreation-journal.ts';
import type { Dependencies } from './dependencies.ts';
import { findScalers } from './find-scalers.ts';
import type { LabelledLists, Sought } from './labelled-lists.ts';
import { refOf } from './ownership.ts';
import { isUnserved, unreadable } from './unreadable.ts';

/** What the cluster remembers. */
export interface Recovery {
  readonly recovered?: Inventory;
  /** StatefulSets that were being made anew. */
  readonly interrupted?: readonly ObjectKey[];
  /** Objects of the resource beside those that its workflow knows. */
  readonly strays?: Inventory;
  /** Where all kinds were to be listed: those that could not be, and why. There may be objects of them that are not known. */
  readonly unlisted?: Unlisted;
}

/** No digest is this one: what was applied is not certain any more, and is applied again, to no effect where it is. */
const UNCERTAIN = 'uncertain';

type Unlisted = Readonly<Record<string, Unreadable>>;

type Inventory = Readonly<Record<ObjectKey, Entry>>;

/**
 * The inventory as the cluster remembers it, for a workflow that knows nothing: Temporal was wiped, or the workflow
 * terminated. Every object carries what is needed, so that nothing is restarted and nothing is forgotten. An edit that
 * nobody heard of shows in the fingerprint that the status keeps.
 */
export async function recoverInventory(dependencies: Sources, resource: Manifest): Promise<Recovery> {
  const { api } = dependencies;
  const { uid = '', namespace } = resource.metadata;
  if (!inventoryOf(resource) || !uid) return {};
  const { found, unlisted } = await labelledObjects(dependencies, resource);
  const { fingerprint, externals = [], adopted = [], unconfirmed = [] } = inventoryOf(resource) ?? {};
  const lines = found.map(([key, { uid, fields, scale }]) => ({ key, uid, fields, scale }));
  const isAsApplied = inventoryFingerprint(lines) === fingerprint;
  const entries = [
    ...found.map(([key, entry]) => {
      const isTold = isAsApplied || entry.digest === ONLY_THE_CANARY;
      return [key, isTold ? entry : { ...entry, digest: UNCERTAIN }] as const;
    }),
    ...externals.map((key) => {
      const origin = adopted.includes(key) ? ('adopted' as const) : ('created' as const);
      return [
        key,
        { ...UNSEEN, origin, ...(unconfirmed.includes(key) ? { unconfirmed: true as const } : {}) },
      ] as const;
    }),
  ];
  const interrupted = (await journalledWorkloads(api, uid, namespace)).map((ref) =>
    objectKey(ref, namespace),
  );
  return {
    ...(entries.length > 0 ? { recovered: Object.fromEntries(entries) } : {}),
    ...(interrupted.length > 0 ? { interrupted } : {}),
    unlisted,
  };
}

/**
 * Objects that were applied for the resource and that its workflow does not know: an apply that arrived after its plan was
 * given up made them. They come into the inventory, and what is not wanted goes from there.
 */
export async function findStrays(
  dependencies: Sources,
  resource: Manifest,
  known: Readonly<Record<ObjectKey, unknown>>,
): Promise<Pick<Recovery, 'strays' | 'unlisted'>> {
  const { found, unlisted } = await labelledObjects(dependencies, resource);
  // Labels can be copied; fields that the server knows to be ours cannot.
  const strays = found.filter(([key, { fields }]) => !(key in known) && fields !== '');
  return { unlisted, ...(strays.length > 0 ? { strays: Object.fromEntries(strays) } : {}) };
}

type Sources = Pick<Dependencies, 'api' | 'operator' | 'scalers' | 'log' | 'lists'>;

async function labelledObjects(
  dependencies: Sources,
  resource: Manifest,
): Promise<{ readonly found: readonly (readonly [ObjectKey, Entry])[]; readonly unlisted: Unlisted }> {
  const { operator } = dependencies;
  const { namespace, uid } = resource.metadata;
  const inventory = inventoryOf(resource);
  if (!inventory || !uid) return { found: [], unlisted: {} };
  const claimant: Claimant = { ...refOf(resource), uid };
  const unlisted: Record<string, Unreadable> = {};
  const found = await Promise.all(
    inventory.kinds.map(async (kind) => {
      const metadataOnly = categoryOfKind(kind) === CATEGORIES.ConfigMaps;
      const isElsewhere = inventory.elsewhere?.includes(kind) ?? false;
      const items = await listKind(
        dependencies,
        uid,
        { kind: parseKindName(kind), metadataOnly },
        namespace,
        isElsewhere,
      );
      if ('message' in items) {
        unlisted[kind] = items;
        return [];
      }
      const own = items.filter((item) => !isOfAnother(item, claimant));
      return own.map(
        (item) => [objectKey({ ...parseKindName(kind), ...item.metadata }, namespace), item] as const,
      );
    }),
  );
  const objects = new Map(found.flat());
  const scalers = await findScalers(dependencies, namespace);
  const entries = Array.from(
    objects,
    ([key, item]) =>
      [key, { ...entryOf(item, operator.name, scalers), ...readingOf(key, objects, namespace) }] as const,
  );
  return { found: entries, unlisted };
}

/** The objects of a kind, or why they cannot be listed. Of a kind that is not served there are none. */
async function listKind(
  { api, lists }: Sources,
  uid: string,
  sought: Sought,
  home: string | undefined,
  isElsewhere: boolean,
): Promise<readonly Manifest[] | Unreadable> {
  try {
    return await listEverywhere(lists, uid, sought, isElsewhere ? undefined : home, home);
  } catch (error) {
    if (await isUnserved(api, sought.kind, error)) return [];
    const why = unreadable(error, 'list');
    if (!why) throw error;
    return {
      reason: why.reason,
      message: `cannot be listed, so that objects which are no longer wanted may stay: ${why.message}`,
    };
  }
}

/** Objects of a resource may be in any namespace; a program whose rights end at that of the resource has none elsewhere. */
async function listEverywhere(
  lists: LabelledLists,
  uid: string,
  sought: Sought,
  namespace: string | undefined,
  home: string | undefined,
): Promise<readonly Manifest[]> {
  try {
    return await lists.of(uid, { ...sought, ...(namespace === undefined ? {} : { namespace }) });
  } catch (error) {
    const isForbidden = error instanceof StatusError && error.reason === STATUS_REASONS.Forbidden;
    if (!isForbidden || home === undefined || namespace !== undefined) throw error;
    return lists.of(uid, { ...sought, namespace: home });
  }
}

/** Whether it is not certain what was applied. */
export function isUncertain({ digest }: Entry): boolean {
  return digest === UNCERTAIN || digest === '';
}

function inventoryOf(resource: Manifest): ResourceStatus['inventory'] {
  return readStatus(resource).inventory;
}

/** An external object that was applied once: what it is now, its server knows. */
const UNSEEN: Entry = { digest: '', uid: '', fields: '' };

/** What the pods of a workload read; while pods of former templates may run, every version of it. */
function readingOf(
  key: ObjectKey,
  objects: ReadonlyMap<ObjectKey, Manifest>,
  home: string | undefined,
): Pick<Entry, 'reads' | 'former'> {
  const item = objects.get(key);
  if (!item || !isWorkload(key)) return {};
  const reads = Array.from(configurationOf(item, home)).filter((each) => objects.has(each));
  if (hasOnlyNewPods(health(item, [], { now: Date.now() }))) return { reads };
  const titles = new Set(reads.map((each) => titleOf(objects.get(each))));
  const former = Array.from(objects).flatMap(([each, object]) =>
    isConfiguration(each) && !reads.includes(each) && titles.has(titleOf(object)) ? [each] : [],
  );
  return { reads, ...(former.length > 0 ? { former } : {}) };
}

/** What all versions of a ConfigMap or Secret share. */
function titleOf(object: Manifest | undefined): string {
  const { labels, name } = object?.metadata ?? {};
  return `${object?.kind} ${labels?.[LABELS.versionOf] ?? name}`;
}

/** A live object as an inventory has it. */
export function entryOf(item: Manifest, manager: string, scalers: readonly Scaler[]): Entry {
  const {
    uid = '',
    generation,
    annotations = {},
    labels = {},
    ownerReferences,
    deletionTimestamp,
  } = item.metadata;
  const template = annotations[ANNOTATIONS.template];
  const role = labels[LABELS.component];
  const { state } = health(item, [], { now: Date.now() });
  const digest = annotations[ANNOTATIONS.digest] ?? '';
  return {
    digest,
    ...(digest === ONLY_THE_CANARY ? { partial: true as const } : {}),
    ...(template ? { template } : {}),
    ...claimSizes(item),
    uid,
    ...(generation === undefined ? {} : { generation }),
    fields: ownedFields(item, manager),
    ...scaleRecovered(scaleOf(item, manager, scalers)),
    ...(role ? { role } : {}),
    ...(ownerReferences
      ? {}
      : item.kind === 'PersistentVolumeClaim'
        ? { retain: true as const }
        : { uncollected: true as const }),
    ...(state === 'Current' ? {} : { health: state }),
    ...(deletionTimestamp ? { leaving: true as const } : {}),
  };
}
