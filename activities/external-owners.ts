/**
 * Which other resource of the operator names an external object. What a status names is read from the API server, and a resource
 * names an object there before it looks who else does: of two that want one at a time, at least one sees the other.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ExternalKind } from '../api/external.ts';
import type { Manifest } from '../core/manifest.ts';
import type { Reason } from '../core/reasons.ts';
import { OUR_REASONS, STATUS_REASONS } from '../core/reasons.ts';
import type { ObjectKey } from '../core/refs.ts';
import { groupOf, parseObjectKey } from '../core/refs.ts';
import { readStatus } from '../core/status/read-status.ts';
import type { ResourceStatus } from '../core/status/resource-status.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import type { Dependencies } from './dependencies.ts';

/** Another resource that names an object. */
export interface Owner {
  readonly resource: Manifest;
  /** It may have made it, or adopted it; else it only wants it. */
  readonly has: boolean;
  /** It has not been seen there as it wants it. */
  readonly isUnconfirmed: boolean;
  readonly isAdopted: boolean;
  readonly isDeleting: boolean;
  /** Of two resources the older one. */
  readonly isOlder: boolean;
}

type Parts = Pick<Dependencies, 'api' | 'operator'>;

/** For each object, the other resource that names it: one that has it before one that wants it. */
export async function othersOf(
  dependencies: Parts,
  resource: Manifest,
  keys: readonly ObjectKey[],
): Promise<ReadonlyMap<ObjectKey, Owner>> {
  if (keys.length === 0) return new Map();
  const { externals } = dependencies.operator;
  const home = resource.metadata.namespace;
  const sought = new Map(keys.map((key) => [placeOf(key, home, externals), key]));
  const isEverywhere = keys.some((key) => kindOf(key, home, externals)?.options.places === 'Cluster');
  const owners = new Map<ObjectKey, Owner>();
  for (const other of await resourcesOf(dependencies, resource, isEverywhere ? undefined : home)) {
    if (other.metadata.uid === resource.metadata.uid) continue;
    const { externals: had = [], wanted = [] } = inventoryOf(other) ?? {};
    for (const named of [...had, ...wanted]) {
      const key = sought.get(placeOf(named, other.metadata.namespace, externals));
      if (key !== undefined && owners.get(key)?.has !== true)
        owners.set(key, ownerOf(other, named, resource));
    }
  }
  return owners;
}

export function titleOfOwner({ resource: { kind, metadata } }: Owner): string {
  return `${kind} ${metadata.namespace ? `${metadata.namespace}/` : ''}${metadata.name}`;
}

function ownerOf(other: Manifest, key: ObjectKey, resource: Manifest): Owner {
  const { externals = [], unconfirmed = [], adopted = [] } = inventoryOf(other) ?? {};
  return {
    resource: other,
    has: externals.includes(key),
    isUnconfirmed: unconfirmed.includes(key),
    isAdopted: adopted.includes(key),
    isDeleting: other.metadata.deletionTimestamp !== undefined,
    isOlder: ageOf(other) < ageOf(resource),
  };
}

/** Those of one second are told apart by their uid. */
function ageOf({ metadata: { creationTimestamp = '', uid = '' } }: Manifest): string {
  return `${creationTimestamp} ${uid}`;
}

/** The object as its author means it, whichever resource names it. */
function placeOf(key: ObjectKey, home: string | undefined, externals: Kinds): string {
  const { kind, name, namespace = '' } = parseObjectKey(key, home);
  const scope = kindOf(key, home, externals)?.options.places === 'Cluster' ? '' : (home ?? '');
  return [kind, scope, namespace, name].join('/');
}

type Kinds = readonly Pick<ExternalKind<object>, 'kind' | 'options'>[];

function kindOf(key: ObjectKey, home: string | undefined, externals: Kinds): Kinds[number] | undefined {
  const { kind } = parseObjectKey(key, home);
  return externals.find((each) => each.kind === kind);
}

function inventoryOf(resource: Manifest): ResourceStatus['inventory'] {
  return readStatus(resource).inventory;
}

/** A list that has not begun serves all who wait for it: an install of thousands must not read thousands each time. */
class SharedList {
  #next: Promise<readonly Manifest[]> | undefined;
  #running: Promise<unknown> = Promise.resolve();

  read(list: () => Promise<readonly Manifest[]>): Promise<readonly Manifest[]> {
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      const reading = list();
      this.#running = reading.catch(() => undefined);
      return reading;
    });
    return this.#next;
  }
}

const LISTS = new WeakMap<KubernetesApi, Map<string, SharedList>>();

async function resourcesOf(
  { api }: Parts,
  resource: Manifest,
  namespace: string | undefined,
): Promise<readonly Manifest[]> {
  const kind = { group: groupOf(resource.apiVersion), kind: resource.kind };
  const lists = LISTS.get(api) ?? new Map<string, SharedList>();
  LISTS.set(api, lists);
  const place = `${kind.group}/${kind.kind}/${namespace ?? ''}`;
  const shared = lists.get(place) ?? new SharedList();
  lists.set(place, shared);
  try {
    return await shared.read(async () => (await api.list(kind, namespace ? { namespace } : {})).items);
  } catch (error) {
    const home = resource.metadata.namespace;
    const isForbidden = error instanceof StatusError && error.reason === STATUS_REASONS.Forbidden;
    // A program whose rights end at one namespace answers for that one.
    if (!isForbidden || namespace !== undefined || home === undefined) throw error;
    return (await api.list(kind, { namespace: home })).items;
  }
}

/** Why an object cannot be this resource's. */
export function ownedBy(owner: Owner): {
  readonly reason: Reason;
  readonly message: string;
  readonly heir: 'created' | 'adopted';
} {
  return {
    reason: OUR_REASONS.OwnershipConflict,
    message: `belongs to ${titleOfOwner(owner)}; remove it from one of the two resources, or give one another name`,
    heir: owner.isAdopted ? 'adopted' : 'created',
  };
}

/** How long an older resource waits for a younger one that named the object in the same moment. */
const YIELDING = { attempts: 10, pauseMs: 500 };

/** Who else has an object that this resource is about to create. Of two that name it in one moment the older one gets it. */
export async function rivalsOf(
  dependencies: Parts,
  resource: Manifest,
  keys: readonly ObjectKey[],
): Promise<ReadonlyMap<ObjectKey, Owner>> {
  for (let attempt = 1; ; attempt++) {
    const others = await othersOf(dependencies, resource, keys);
    const rivals = new Map([...others].filter(([, { has }]) => has));
    const yields = [...rivals.values()].some(({ isOlder, isUnconfirmed }) => !isOlder && isUnconfirmed);
    if (!yields || attempt === YIELDING.attempts) return rivals;
    await delay(YIELDING.pauseMs);
  }
}
