/** What an author says about the custom resource: its API version, its kind, the shape of its spec. */
/** The metadata of a custom resource that `desired` may look at. */
export interface ResourceMetadata {
    readonly name: string;
    /** Absent for a cluster-scoped resource. */
    readonly namespace?: string;
    readonly uid: string;
    readonly generation: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
}
/** A custom resource as `desired`, gates and hooks receive it. */
export interface Resource<Spec = unknown, Status = unknown> {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: ResourceMetadata;
    readonly spec: Spec;
    readonly status?: Status;
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
export interface ResourceDefinition<Spec = unknown, Status = unknown> {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
    readonly plural: string;
    readonly scope: 'Namespaced' | 'Cluster';
    /** Carries the types; never present at run time. */
    readonly types?: {
        readonly spec: Spec;
        readonly status: Status;
    };
}
/**
 * Names a kind of custom resource as the header of its manifest does.
 *
 * @throws TypeError when `apiVersion` is not `<group>/<version>` or `kind` is not CamelCase.
 */
export declare function customResource<Spec, Status = unknown>(apiVersion: string, kind: string, options?: CustomResourceOptions): ResourceDefinition<Spec, Status>;
