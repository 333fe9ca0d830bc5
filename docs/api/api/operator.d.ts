import type { ExternalKind } from './external.ts';
import type { Named } from './named.ts';
import type { DesiredObject } from './objects.ts';
import type { Ordered } from './order.ts';
import type { Resource, ResourceDefinition } from './resource.ts';
import type { Routine } from './routine.ts';
import type { TimeLimits } from './time-limits.ts';
/** An object of the cluster as an author names it. */
export interface ObjectReference {
    readonly apiVersion: string;
    readonly kind: string;
    readonly name: string;
    /** @defaultValue the namespace of the resource */
    readonly namespace?: string;
}
/** A Secret as a resource refers to it. */
export interface SecretReference {
    readonly name?: string;
    /** @defaultValue the namespace of the resource; for a namespaced resource no other is allowed */
    readonly namespace?: string;
}
/** An object as the API server sends it. */
export type ObjectManifest = Readonly<Record<string, unknown>>;
/** What a gate, a hook, `onDelete` or a function of an external kind is given. */
export interface Context<Spec = unknown> {
    readonly resource: Resource<Spec>;
    /** Names the objects of the resource, as `desired` did. */
    readonly named: Named;
    /** The live object it is about; absent in `onDelete`. */
    readonly object?: {
        readonly kind: string;
        readonly name: string;
        readonly manifest: ObjectManifest;
    };
    /**
     * Aborts when the function is no longer waited for: its time limit is over, a newer spec, a command or a deletion takes its place,
     * or its worker stops. Pass it to what waits; code that does not heed it is left behind, and runs on to no effect.
     */
    readonly signal: AbortSignal;
    readonly log: {
        info(message: string, fields?: Readonly<Record<string, unknown>>): void;
        warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
    };
    /**
     * The live object, or undefined when there is none. What the plan versions is named as `desired` names it, and read in the
     * version that is planned. Secrets are read by `secret`.
     */
    read(reference: ObjectReference): Promise<ObjectManifest | undefined>;
    /**
     * The decoded values of a Secret, by key. They are struck out of every error, log line, event and answer of the function
     * that read them.
     *
     * @throws Error when it is not there, or in another namespace than the resource.
     */
    secret(reference: SecretReference): Promise<Readonly<Record<string, string>>>;
    /**
     * Sets the replicas of a Deployment or StatefulSet through its scale subresource. From then on the workload says that this
     * resource scales it, and its own operator leaves its replicas alone. Of two resources that ask for the same workload at one
     * moment, one is refused.
     *
     * @throws Error when it is not there, or another one scales it; the error names which.
     */
    scale(target: ObjectReference, replicas: number): Promise<void>;
    /** Gives the replicas of a workload back to its own operator; nothing happens where this resource does not scale it. */
    release(target: ObjectReference): Promise<void>;
    /** Records a Kubernetes event about the resource. */
    event(type: 'Normal' | 'Warning', reason: string, note: string): void;
}
/** Answers `true` to let the rollout pass, or says why not yet. A named function; it may be asked many times. */
export type Gate = (context: Context<any>) => Promise<true | string> | true | string;
/** What a hook is given. */
export interface HookContext<Spec = unknown> extends Context<Spec> {
    /**
     * The same in every attempt to run this hook for this workload in this rollout, and another in the next rollout: a server
     * that takes such a key does once what a hook asks of it.
     */
    readonly idempotencyKey: string;
    /** The rollout that it is a part of. */
    readonly rollout: HookRollout;
}
/** A rollout, as a hook is told of it. */
export interface HookRollout {
    /** What began it. */
    readonly trigger: 'Install' | 'Change' | 'Configuration' | 'Restart' | 'Runtime' | 'Rollback';
    /** Of the resource; a rollback has that of the spec which it leaves. */
    readonly generation: number;
    /** Digest of the set of objects before, where one is known that was Current throughout; as in `status.rollout`. */
    readonly from?: string;
    /** Digest of the set of objects it leads to. */
    readonly to: string;
}
/** A named, idempotent function: it runs once for each rollout of a workload, and again when its worker dies in the middle. */
export type Hook = (context: HookContext<any>) => Promise<void> | void;
type Entry = DesiredObject | Ordered | false | null | undefined;
/** What `desired` returns: objects and ordered workloads; falsy entries are dropped. */
export type Desired = readonly (Entry | readonly Entry[])[];
type AnyExternalKind = ExternalKind<any>;
export interface RolloutPolicy {
    /**
     * How long one stage may take to become Current before the resource is `Stalled`; the rollout goes on when it heals.
     *
     * @defaultValue {@link DEFAULT_STAGE_DEADLINE}
     */
    readonly deadline?: string;
    /**
     * Whether the workloads of a first install wait for each other as in an upgrade.
     *
     * @defaultValue `'parallel'`
     */
    readonly firstInstall?: 'parallel' | 'ordered';
    /**
     * How long a stage is watched once it is Current, before the next begins: for all, or by role (`'*'`: all others).
     *
     * @defaultValue `'0 s'`
     */
    readonly bake?: string | Readonly<Record<string, string>>;
    /** The stages that begin only when somebody approved: all, or those of these roles. */
    readonly approval?: 'required' | readonly string[];
    /**
     * The times at which pods may be restarted.
     *
     * @defaultValue always
     */
    readonly windows?: readonly MaintenanceWindow[];
    /**
     * What happens when a stage is past its deadline: later stages wait until somebody acts, or everything goes back to
     * the last set of objects that was Current throughout. The resource's spec is never changed.
     *
     * @defaultValue `'halt'`
     */
    readonly onDeadline?: 'halt' | 'rollback';
    /**
     * How long a gate, a hook, `onDelete` or the routine may take before it is given up and called again later; each attempt.
     *
     * @defaultValue a gate 30 seconds, a hook and `onDelete` 10 minutes, the routine 1 minute
     */
    readonly timeLimits?: TimeLimits;
    /**
     * Whether pods restart, in order, when a ConfigMap or a Secret that they read and that is not the resource's own changes.
     * Otherwise these are not read at all. A workload can say otherwise.
     *
     * @defaultValue `true`
     */
    readonly restartOnChange?: boolean;
}
/** When pods may be restarted, again and again. */
export interface MaintenanceWindow {
    /** When it opens, in cron's five fields: `0 2 * * 6` is 2 o'clock on each Saturday. */
    readonly schedule: string;
    /** How long it stays open, for example `4 hours`. */
    readonly duration: string;
    /**
     * The IANA time zone of `schedule`.
     *
     * @defaultValue `'UTC'`
     */
    readonly timeZone?: string;
    /**
     * What it is for: a change of the spec, of configuration that is only referred to, a restart on demand, or another build
     * of the operator.
     *
     * @defaultValue all of them
     */
    readonly for?: readonly ('Change' | 'Configuration' | 'Restart' | 'Runtime')[];
}
export declare const DEFAULT_STAGE_DEADLINE = "30 minutes";
export interface OperatorDefinition<Spec> {
    /**
     * The operator's name: task queue, field manager, value of `app.kubernetes.io/managed-by`.
     *
     * @defaultValue `<plural>.<group>` of the resource, for example `pinots.datainfra.io`
     */
    readonly name?: string;
    /**
     * The objects this resource wants. Pure: the same resource gives the same objects. What is returned or used is
     * desired; what was desired and no longer is, is pruned. Throw {@link InvalidResource} to refuse the resource.
     */
    desired(resource: Resource<Spec>, named: Named): Desired;
    /** External cleanup, before anything of the resource is deleted. Its presence adds the finalizer. */
    onDelete?(context: Context<Spec>): Promise<void> | void;
    /** The kinds of external objects that `desired` returns, or returned once: they are needed to remove what is left. */
    readonly externals?: readonly AnyExternalKind[];
    /** Runs again and again for each resource, on a durable timer. */
    readonly routine?: Routine<Spec, any>;
    /** One policy for all resources, or the policy that a resource asks for. Pure. */
    readonly rollout?: RolloutPolicy | ((resource: Resource<Spec>) => RolloutPolicy);
}
/** An operator: a value to run, to ask for its plan, to test. Made by {@link defineOperator}. */
export interface Operator<Spec = unknown> {
    readonly name: string;
    readonly resource: ResourceDefinition<Spec>;
    readonly desired: OperatorDefinition<Spec>['desired'];
    readonly onDelete?: NonNullable<OperatorDefinition<Spec>['onDelete']>;
    readonly externals: readonly AnyExternalKind[];
    readonly routine?: NonNullable<OperatorDefinition<Spec>['routine']>;
    rollout(resource: Resource<Spec>): RolloutPolicy;
}
/**
 * Defines what a kind of custom resource means.
 *
 * @throws TypeError when the name cannot be a label value, or an external kind is listed twice.
 */
export declare function defineOperator<Spec>(resource: ResourceDefinition<Spec>, definition: OperatorDefinition<Spec>): Operator<Spec>;
export {};
