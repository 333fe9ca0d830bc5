/** What an author says about the custom resource: its API version, its kind, the shape of its spec. */

/** The metadata of a custom resource that `desired` may look at. */
export interface ResourceMetadata {
  readonly name: string;
  /** Absent for a cluster-scoped resource. */
  readonly namespace?: string;
  readonly uid: string;
  readonly generation: number;
  readonly labels?: Readonly<Record<string, string>>;
  /** Without what kubectl notes there for itself. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * A custom resource as `desired`, gates and hooks receive it: what people ask for, without its status. A status reports what was
 * planned, so a plan that depended on it would never come to rest. A gate or a hook can `read` the resource to see its status.
 */
export interface Resource<Spec = unknown> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ResourceMetadata;
  readonly spec: Spec;
}

export interface CustomResourceOptions {
  /**
   * The name under which the API server serves the kind.
   *
   * @defaultValue the kind in lower case with an English plural: `Pinot` → `pinots`, `Proxy` → `proxies`
   */
  readonly plural?: string;
  /** @defaultValue `'Namespaced'` */
  readonly scope?: 'Namespaced' | 'Cluster';
}

/** A kind of custom resource, typed by its spec. Made by {@link customResource}. */
export interface ResourceDefinition<Spec = unknown> {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly scope: 'Namespaced' | 'Cluster';
  /** Carries the types; never present at run time. */
  readonly types?: { readonly spec: Spec };
}

/**
 * Names a kind of custom resource as the header of its manifest does.
 *
 * @throws TypeError when `apiVersion` is not `<group>/<version>` or `kind` is not CamelCase.
 */
export function customResource<Spec>(
  apiVersion: string,
  kind: string,
  options: CustomResourceOptions = {},
): ResourceDefinition<Spec> {
  const [group, version, ...rest] = apiVersion.split('/');
  if (!group || !version || rest.length > 0)
    throw new TypeError(`customResource: apiVersion must read <group>/<version>, not "${apiVersion}"`);
  if (!/^[A-Z][A-Za-z0-9]*$/.test(kind))
    throw new TypeError(`customResource: kind must be CamelCase, for example Pinot, not "${kind}"`);
  return Object.freeze({
    group,
    version,
    kind,
    plural: options.plural ?? pluralOf(kind.toLowerCase()),
    scope: options.scope ?? 'Namespaced',
  });
}

function pluralOf(singular: string): string {
  if (/(s|x|z|ch|sh)$/.test(singular)) return `${singular}es`;
  if (/[^aeiou]y$/.test(singular)) return `${singular.slice(0, -1)}ies`;
  return `${singular}s`;
}
