/**
 * An object without a namespace shares its name with the whole cluster, where another namespace may have a resource of the
 * same name. So a name of `named` gets the namespace of the resource in front there: `default.p1-nodes`.
 */
import type { Resource } from '../../api/resource.ts';
import { shortHash } from '../hash.ts';
import { isNameOf } from '../names.ts';
import type { ObjectKey } from '../refs.ts';
import { objectKey, parseObjectKey } from '../refs.ts';
import { isExternal } from './categories.ts';
import type { PlannedObject } from './plan.ts';

/** Of a Namespace, which can have no dot either. */
const LONGEST_LABEL = 63;

/** The plan with such names for its cluster-scoped objects, also where others of its objects refer to them. */
export function withClusterNames(
  objects: readonly PlannedObject[],
  { name: resource, namespace: home }: Resource['metadata'],
): readonly PlannedObject[] {
  if (home === undefined) return objects;
  const renamed = objects.filter(
    ({ key, manifest: { metadata } }) =>
      metadata.namespace === undefined && !isExternal(key) && isNameOf(resource, metadata.name),
  );
  if (renamed.length === 0) return objects;
  const names = namesFor(renamed, objects, home);
  const placed = objects.map((object) => {
    const { apiVersion, kind, metadata, ...body } = object.manifest;
    const name = renamed.includes(object) ? clusterName(kind, metadata.name, home) : metadata.name;
    const namespace = movedTo(metadata.namespace, names);
    const place = namespace === undefined ? {} : { namespace };
    const key = objectKey({ ...parseObjectKey(object.key, home), ...place, name }, home);
    const manifest = {
      ...renamedIn(body, names),
      ...{ apiVersion, kind },
      metadata: { ...metadata, ...place, name },
    };
    return { ...object, key, manifest };
  });
  const keys = new Map(objects.map(({ key }, index) => [key, placed[index]?.key ?? key]));
  const current = (key: ObjectKey): ObjectKey => keys.get(key) ?? key;
  return placed.map((object) => ({
    ...object,
    uses: object.uses.map(current),
    requires: object.requires.map(current),
    configuration: object.configuration.map(current),
  }));
}

/** An object may live in a Namespace of the same resource. */
function movedTo(namespace: string | undefined, { typed }: Names): string | undefined {
  return namespace === undefined ? undefined : (typed.get(`Namespace/${namespace}`) ?? namespace);
}

interface Names {
  /** By kind and plain name. */
  readonly typed: ReadonlyMap<string, string>;
  /** By plain name, where no other object of the plan has it. */
  readonly plain: ReadonlyMap<string, string>;
}

function namesFor(renamed: readonly PlannedObject[], all: readonly PlannedObject[], home: string): Names {
  const others = new Set(
    all.filter((object) => !renamed.includes(object)).map(({ manifest }) => manifest.metadata.name),
  );
  const named = renamed.map(({ manifest: { kind, metadata } }) => ({
    kind,
    plain: metadata.name,
    name: clusterName(kind, metadata.name, home),
  }));
  // The name of the resource's own namespace means that namespace, though a part of the resource may be called the same.
  const isHome = (kind: string, plain: string): boolean => kind === 'Namespace' && plain === home;
  const typed = named.filter(({ kind, plain }) => !isHome(kind, plain));
  const plainly = named.filter(({ plain }) => plain !== home && !others.has(plain));
  return {
    typed: new Map(typed.map(({ kind, plain, name }) => [`${kind}/${plain}`, name])),
    plain: new Map(plainly.map(({ plain, name }) => [plain, name])),
  };
}

/** No namespace has a dot, so two namespaces never make one name of two. */
function clusterName(kind: string, name: string, home: string): string {
  if (kind !== 'Namespace') return `${home}.${name}`;
  const whole = `${home}-${name}`;
  return whole.length <= LONGEST_LABEL
    ? whole
    : `${whole.slice(0, LONGEST_LABEL - 9).replace(/-+$/, '')}-${shortHash(whole).slice(0, 8)}`;
}

/** The value with the new names wherever it refers to one of the objects. */
function renamedIn<Value>(value: Value, names: Names): Value;
function renamedIn(value: unknown, names: Names): unknown {
  if (typeof value === 'string') return names.plain.get(value) ?? value;
  if (Array.isArray(value)) return value.map((each) => renamedIn(each, names));
  // What has a JSON form of its own, such as a Date, is no container.
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value;
  const { kind } = value as { readonly kind?: unknown };
  const field = ([name, child]: readonly [string, unknown]): [string, unknown] => {
    const referred = typeof child === 'string' ? kindReferred(name, kind) : undefined;
    const typed = referred === undefined ? undefined : names.typed.get(`${referred}/${String(child)}`);
    if (typed !== undefined) return [name, typed];
    // What says of which kind it is refers to no other.
    return [name, name === 'name' && referred !== undefined ? child : renamedIn(child, names)];
  };
  return Object.fromEntries(Object.entries(value).map(field));
}

/** The kind of what a field names: `{ kind, name }` says it, and so does `storageClassName`. */
function kindReferred(field: string, kind: unknown): string | undefined {
  if (field === 'name') return typeof kind === 'string' ? kind : undefined;
  if (field === 'namespace') return 'Namespace';
  return field.endsWith('Name')
    ? `${field.charAt(0).toUpperCase()}${field.slice(1, -'Name'.length)}`
    : undefined;
}
