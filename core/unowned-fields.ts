/**
 * Fields that the API server filled in and that no manager owns: defaults (`strategy.rollingUpdate`, `policyTypes`) and mirrors
 * (`serviceAccount` of `serviceAccountName`). Server-side apply removes only what its manager owned, so they stay when the
 * fields beside them change, and then contradict these: the apply is refused, or an old value goes on working unseen. Once the
 * managed fields say that they are ours, the next apply removes them, and the server fills in what the new content asks for:
 * what a change leads to is what a fresh apply would have made.
 */
import type { Fields } from './field-set.ts';
import { fieldsOf, merged } from './field-set.ts';
import { managedBy } from './fields.ts';
import type { ManagedFieldsEntry, Manifest } from './manifest.ts';
import { groupOf, isKubernetesGroup, kindName } from './refs.ts';
import { isKeptAsIs, isSameByDefault, SELDOM_DEFAULTED } from './server-defaults.ts';

type Record_ = Readonly<Record<string, unknown>>;

/** Whether an object of this kind may have fields that matter here, so that it is worth a look before it is changed. */
export function mayHaveUnownedFields({ apiVersion, kind }: Pick<Manifest, 'apiVersion' | 'kind'>): boolean {
  return !SELDOM_DEFAULTED.has(kindName({ group: groupOf(apiVersion), kind }));
}

/**
 * The managed fields of `live` with what applying `wanted` would leave behind as ours; undefined when it leaves nothing, or
 * when nothing of it is ours.
 *
 * @param everywhere also the defaults of custom resources, which are else cleared only where all that is ours goes: they may
 * come from a webhook that acts once, when the object is created.
 */
export function claimUnowned(
  live: Manifest,
  wanted: Manifest,
  manager: string,
  { everywhere = false }: { readonly everywhere?: boolean } = {},
): readonly ManagedFieldsEntry[] | undefined {
  const { managedFields = [] } = live.metadata;
  const [ours] = managedBy(live, manager);
  if (!ours) return undefined;
  const others = managedFields
    .filter((entry) => entry !== ours && !entry.subresource)
    .map(fieldsOf)
    .reduce(merged, {});
  const kind = kindName({ group: groupOf(live.apiVersion), kind: live.kind });
  const walk = new Walk(kind, everywhere || isKubernetesGroup(groupOf(live.apiVersion)));
  const owned = fieldsOf(ours);
  const bodies = [live, wanted].map(
    ({ apiVersion: _1, kind: _2, metadata: _3, status: _4, ...body }) => body,
  );
  const [there = {}, asked = {}] = bodies;
  const claims = walk.map(there, asked, { owned, others, changed: false, path: '' });
  if (!claims) return undefined;
  return managedFields.map((entry) =>
    entry === ours ? { ...entry, fieldsV1: merged(owned, claims) } : entry,
  );
}

interface Place {
  /** Ours, at this place. */
  readonly owned: Fields;
  /** Of all other managers. */
  readonly others: Fields;
  /** Something beside or above it changes. */
  readonly changed: boolean;
  /** For example `spec.ports[].nodePort`. */
  readonly path: string;
}

class Walk {
  readonly #kind: string;
  readonly #clearsDefaults: boolean;

  constructor(kind: string, clearsDefaults: boolean) {
    this.#kind = kind;
    this.#clearsDefaults = clearsDefaults;
  }

  /** What is to become ours of a map; undefined for nothing. */
  map(live: Record_, wanted: Record_, place: Place): Fields | undefined {
    // Pods restart for a change of their template alone, so what changes beside the template clears nothing in it.
    const isFresh = /(^|\.)(template|jobTemplate)$/.test(place.path);
    const changed = (place.changed && !isFresh) || isChanged(live, wanted, place.owned);
    const claims = Object.entries(live).flatMap(([name, value]): [string, Fields][] => {
      const found = this.#field(name, value, { live, wanted, place: { ...place, changed } });
      return found ? [[`f:${name}`, found]] : [];
    });
    return claims.length > 0 ? Object.fromEntries(claims) : undefined;
  }

  #field(
    name: string,
    value: unknown,
    at: { readonly live: Record_; readonly wanted: Record_; readonly place: Place },
  ): Fields | undefined {
    const { place } = at;
    const wanted = at.wanted[name];
    const mine = place.owned[`f:${name}`];
    const others = place.others[`f:${name}`];
    const path = place.path === '' ? name : `${place.path}.${name}`;
    const inner = { owned: mine ?? {}, others: others ?? {}, changed: place.changed, path };
    if (name === 'metadata' || isKeptAsIs(this.#kind, path)) return undefined;
    if (isStated(wanted)) {
      if (isRecord(value) && isRecord(wanted)) return this.map(value, wanted, inner);
      return Array.isArray(value) && Array.isArray(wanted) ? this.#list(value, wanted, inner) : undefined;
    }
    if (others) return isRecord(value) ? this.map(value, {}, inner) : undefined;
    // All of it goes, with what the server added to it. A leaf of ours goes anyway.
    if (mine) return Object.keys(mine).length > 0 ? WHOLE : undefined;
    const isDue = place.changed && this.#clearsDefaults && !isSameByDefault(name, value, at.wanted);
    return isDue ? WHOLE : undefined;
  }

  /** The items of a list that has keys; all others are replaced as a whole. */
  #list(live: readonly unknown[], wanted: readonly unknown[], place: Place): Fields | undefined {
    const claims = Object.entries(place.owned).flatMap(([name, owned]): [string, Fields][] => {
      if (!name.startsWith('k:')) return [];
      const key: Record_ = JSON.parse(name.slice(2));
      const [there, asked] = [itemOf(live, key), itemOf(wanted, key)];
      const others = place.others[name] ?? {};
      const found =
        there && asked && this.map(there, asked, { ...place, owned, others, path: `${place.path}[]` });
      return found ? [[name, found]] : [];
    });
    return claims.length > 0 ? Object.fromEntries(claims) : undefined;
  }
}

/** The field itself, with all that lies in it. */
const WHOLE: Fields = { '.': {} };

/** Whether a field of this very map is added, removed or another; what lies deeper counts where it lies. */
function isChanged(live: Record_, wanted: Record_, owned: Fields): boolean {
  const isAnother = ([name, value]: readonly [string, unknown]): boolean => {
    // Scaling changes no default, and is left to `apply-workload.ts`.
    if (name === 'replicas') return false;
    const there = live[name];
    if (isStated(value) !== isStated(there)) return isStated(value);
    if (!isStated(value) || (isRecord(value) && isRecord(there))) return false;
    if (Array.isArray(value) && value.every(isRecord) && Array.isArray(there)) return false;
    return JSON.stringify(value) !== JSON.stringify(there);
  };
  const isDropped = (name: string): boolean =>
    name.startsWith('f:') &&
    name !== 'f:replicas' &&
    !isStated(wanted[name.slice(2)]) &&
    isStated(live[name.slice(2)]);
  return Object.entries(wanted).some(isAnother) || Object.keys(owned).some(isDropped);
}

function itemOf(items: readonly unknown[], key: Record_): Record_ | undefined {
  const matches = (item: Record_, isExact: boolean): boolean =>
    Object.entries(key).every(
      ([field, value]) => item[field] === value || (!isExact && item[field] === undefined),
    );
  const records = items.filter(isRecord);
  return records.find((item) => matches(item, true)) ?? records.find((item) => matches(item, false));
}

/** An empty list or map says as much as none: the server's defaults read it so, too. */
function isStated(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  return !Array.isArray(value) || value.length > 0;
}

function isRecord(value: unknown): value is Record_ {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
