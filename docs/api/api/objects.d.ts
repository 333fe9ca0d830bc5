/**
 * The objects an author wants: frozen values, made by one constructor per kind. The second argument is Kubernetes' own
 * body, typed by its models, without what the runtime owns (selectors of workloads, ownerReferences, the labels of the
 * runtime). The third is ours.
 */
import type { V1ConfigMap, V1CronJobSpec, V1DaemonSetSpec, V1DeploymentSpec, V1IngressSpec, V1JobSpec, V1NetworkPolicySpec, V1PersistentVolumeClaim, V1PersistentVolumeClaimSpec, V1PodDisruptionBudgetSpec, V1PodSpec, V1Role, V1RoleBinding, V1Secret, V1ServiceAccount, V1ServiceSpec, V1StatefulSetSpec, V2HorizontalPodAutoscalerSpec } from '@kubernetes/client-node';
import type { Adoption } from './external.ts';
import type { Gate, Hook } from './operator.ts';
import type { Requirement } from './requirement.ts';
/** Options every object takes. */
export interface ObjectOptions {
    /**
     * Where the object lives. Needed by the objects of a cluster-scoped resource.
     *
     * @defaultValue the namespace of the resource
     */
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    /**
     * Objects that must exist before this one; they are desired too, whether or not `desired` returns them. Falsy entries are
     * dropped, as they are there.
     */
    readonly uses?: readonly (DesiredObject | false | null | undefined)[];
    /**
     * Resources of others that must be ready before this object is created or changed. Until then it is left as it is and
     * the rest goes on; the status says what waits for what. What is applied stays when they go.
     */
    readonly requires?: readonly Requirement[];
}
/** Options of what runs pods. */
export interface WorkloadOptions extends ObjectOptions {
    /** The place of the workload in `inOrder`, for example `broker`; becomes the label `app.kubernetes.io/component`. */
    readonly role?: string;
    /** Asked after the workload is Current; while it answers a string, later stages wait and the string is the reason. */
    readonly gate?: Gate;
    /**
     * Of a StatefulSet: how many pods get a changed template first, those of the highest ordinals. The others follow when
     * these are Current and the gate is open; then the gate is asked once more.
     *
     * @defaultValue all together
     */
    readonly canary?: number;
    /** Runs once before this workload is changed by a rollout. */
    readonly before?: Hook;
    /** Runs once after this workload was changed, is Current and its gate is open. */
    readonly after?: Hook;
    /**
     * Whether `before` and `after` also run when the workload is new, as in a first install: there is nothing before then.
     *
     * @defaultValue `false`
     */
    readonly hooksOnInstall?: boolean;
    /**
     * Whether its pods restart when a ConfigMap or a Secret that they read and that is not the resource's own changes.
     *
     * @defaultValue what the operator's `rollout` says
     */
    readonly restartOnChange?: boolean;
    /**
     * Somebody else decides about `replicas`: they are never applied. An autoscaler that the cluster knows (an HPA, a
     * ScaledObject of KEDA, whoever the annotation `durable-operator.dev/scaled-by` names) is found without this.
     */
    readonly autoscaled?: boolean;
    /**
     * What happens when a person scales the workload (`kubectl scale`): `own` puts the replicas back, `yield` leaves them
     * until they are what the resource asks for again.
     *
     * @defaultValue `'own'`
     */
    readonly replicas?: 'own' | 'yield';
    /**
     * Deletes a pod of an old revision that can never get ready and keeps a StatefulSet from rolling out the template that
     * mends it. One at a time, never a healthy one, and only when its PodDisruptionBudgets allow it.
     *
     * @defaultValue `true`
     */
    readonly replaceTrappedPods?: boolean;
}
/** Options of what points at pods. */
export interface TargetOptions extends ObjectOptions {
    /**
     * The workload whose pods the selector selects (or whose scale is driven).
     *
     * @defaultValue the workloads that `use` this object; for a network policy, all pods of the resource
     */
    readonly target?: DesiredObject;
}
export interface ClaimOptions extends ObjectOptions {
    /**
     * Keeps the claim and its data when it is no longer desired and when the resource is deleted. Among the
     * `volumeClaimTemplates` of a StatefulSet, `false` sets its `persistentVolumeClaimRetentionPolicy` to delete the claims
     * with the StatefulSet, and those of pods that are scaled away; a policy that the StatefulSet names itself counts more.
     *
     * @defaultValue `true`
     */
    readonly retain?: boolean;
}
/** Options of ConfigMaps and Secrets. */
export interface ConfigurationOptions extends ObjectOptions {
    /**
     * Each content is an object of its own, immutable and named `<name>-<hash>`, when a pod template of the plan names it;
     * the template then names the version, so that a pod that restarts reads what its template was made with. `false` keeps
     * one object under the plain name, for what is read by other means than a reference in a pod template. So does any other
     * object of the plan that names it: an Ingress, a ServiceAccount, a Role.
     *
     * @defaultValue `true`
     */
    readonly versioned?: boolean;
}
/** An object as the author wants it. Everything that comes from the runtime is added when it is planned. */
export interface DesiredObject<Role extends string = string> {
    readonly apiVersion: string;
    readonly kind: string;
    readonly name: string;
    /** Absent: the resource's own, or none for a cluster-scoped kind. */
    readonly namespace?: string;
    /** All of the manifest but `apiVersion`, `kind` and `metadata`. */
    readonly body: Readonly<Record<string, unknown>>;
    readonly options: Omit<WorkloadOptions & TargetOptions & ClaimOptions & ConfigurationOptions, 'uses' | 'role'> & {
        /** Of an external object. */
        readonly adopt?: Adoption;
        readonly uses?: readonly DesiredObject[];
        readonly role?: Role;
    };
}
type PodTemplate = {
    readonly metadata?: {
        readonly labels?: Readonly<Record<string, string>>;
        readonly annotations?: Readonly<Record<string, string>>;
    };
    readonly spec: V1PodSpec;
};
type Templated<Spec> = Omit<Spec, 'selector' | 'template'> & {
    readonly template: PodTemplate;
};
type Body<Model> = Omit<Model, 'apiVersion' | 'kind' | 'metadata' | 'status'>;
/** Options of what runs pods in this role. */
type InRole<Role extends string> = WorkloadOptions & {
    readonly role?: Role;
};
export type StatefulSetBody = Omit<Templated<V1StatefulSetSpec>, 'volumeClaimTemplates'> & {
    readonly volumeClaimTemplates?: readonly (DesiredObject | V1PersistentVolumeClaim)[];
};
export declare function configMap(name: string, body: Body<V1ConfigMap>, options?: ConfigurationOptions): DesiredObject;
/** Use `data` (base64): `stringData` makes the API server see a change in every apply. */
export declare function secret(name: string, body: Omit<Body<V1Secret>, 'stringData'>, options?: ConfigurationOptions): DesiredObject;
export declare function deployment<const Role extends string = string>(name: string, spec: Templated<V1DeploymentSpec>, options?: InRole<Role>): DesiredObject<Role>;
export declare function statefulSet<const Role extends string = string>(name: string, spec: StatefulSetBody, options?: InRole<Role>): DesiredObject<Role>;
export declare function daemonSet<const Role extends string = string>(name: string, spec: Templated<V1DaemonSetSpec>, options?: InRole<Role>): DesiredObject<Role>;
export declare function job<const Role extends string = string>(name: string, spec: Templated<V1JobSpec>, options?: InRole<Role>): DesiredObject<Role>;
export declare function cronJob<const Role extends string = string>(name: string, spec: V1CronJobSpec, options?: InRole<Role>): DesiredObject<Role>;
/** Without a `selector` the Service selects the pods of its `target`, or of the workloads that `use` it. */
export declare function service(name: string, spec: V1ServiceSpec, options?: TargetOptions): DesiredObject;
/** A claim of its own, or (in `volumeClaimTemplates`) one claim per pod. Its data is retained unless told otherwise. */
export declare function persistentVolumeClaim(name: string, spec: V1PersistentVolumeClaimSpec, options?: ClaimOptions): DesiredObject;
/** Without a `podSelector` the policy is about its `target`, or about all pods of the resource. */
export declare function networkPolicy(name: string, spec: Omit<V1NetworkPolicySpec, 'podSelector'> & Partial<Pick<V1NetworkPolicySpec, 'podSelector'>>, options?: TargetOptions): DesiredObject;
export declare function ingress(name: string, spec: V1IngressSpec, options?: ObjectOptions): DesiredObject;
/** Without a `selector` the budget covers the pods of its `target`. */
export declare function podDisruptionBudget(name: string, spec: V1PodDisruptionBudgetSpec, options?: TargetOptions): DesiredObject;
/** Without a `scaleTargetRef` it scales its `target`. The replicas of what it scales are never applied. */
export declare function horizontalPodAutoscaler(name: string, spec: Omit<V2HorizontalPodAutoscalerSpec, 'scaleTargetRef'> & Partial<Pick<V2HorizontalPodAutoscalerSpec, 'scaleTargetRef'>>, options?: TargetOptions): DesiredObject;
export declare function serviceAccount(name: string, body?: Body<V1ServiceAccount>, options?: ObjectOptions): DesiredObject;
export declare function role(name: string, body: Body<V1Role>, options?: ObjectOptions): DesiredObject;
export declare function roleBinding(name: string, body: Body<V1RoleBinding>, options?: ObjectOptions): DesiredObject;
/** An object of any kind, from its whole manifest. */
export declare function object(manifest: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: {
        readonly name: string;
        readonly namespace?: string;
        readonly labels?: Readonly<Record<string, string>>;
        readonly annotations?: Readonly<Record<string, string>>;
    };
    readonly [field: string]: unknown;
}, options?: DesiredObject['options']): DesiredObject;
/** A desired object of any kind; for this room. */
export declare function desire<Role extends string = string>(apiVersion: string, kind: string, name: string, body: Readonly<Record<string, unknown>>, { uses, ...rest }: InRole<Role> & TargetOptions & ClaimOptions & {
    readonly adopt?: Adoption;
}): DesiredObject<Role>;
export {};
