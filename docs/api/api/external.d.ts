import type { DesiredObject, WorkloadOptions } from './objects.ts';
import type { Context } from './operator.ts';
/**
 * What becomes of an object that is on the server before this resource asked for it: `never` refuses it, `ask` waits until a
 * person approves (`AdoptionRequired`), `always` takes it over at once.
 */
export type Adoption = 'never' | 'ask' | 'always';
/** What holds for all objects of an external kind. */
export interface ExternalKindOptions {
    /** @defaultValue `'ask'` */
    readonly adopt?: Adoption;
    /**
     * How long a server may take to show what it was asked for. An object counts as gone when `observe` answered twice, so far
     * apart, that there is none.
     *
     * @defaultValue {@link DEFAULT_SETTLES}
     */
    readonly settles?: string;
    /**
     * Where the name of a place means one server: in a namespace, as the name of a custom resource does, or in the whole
     * cluster, as a host name does. Of two resources that want one object in one place the second is refused.
     *
     * @defaultValue `'Namespaced'`
     */
    readonly places?: 'Namespaced' | 'Cluster';
    /**
     * Whether an object that `replace` removes takes data with it: a person approves that first (`ApprovalRequired`).
     *
     * @defaultValue `true`
     */
    readonly losesData?: boolean;
}
export declare const DEFAULT_SETTLES = "30 seconds";
/** Options of an external object: those of a workload, for it takes its turn as one. */
export interface ExternalOptions extends Pick<WorkloadOptions, 'role' | 'uses' | 'requires' | 'gate' | 'before' | 'after'> {
    /**
     * The server it lives on, in one word, for example the name of a Pinot cluster. Another place is another object: it is
     * created there, and removed here.
     *
     * @defaultValue the namespace of the resource
     */
    readonly place?: string;
    /**
     * Leaves it where it is when it is no longer desired and when the resource is deleted.
     *
     * @defaultValue `false` for what this resource created, `true` for what it adopted
     */
    readonly retain?: boolean;
    /** @defaultValue what its kind says */
    readonly adopt?: Adoption;
}
/** What the functions of an external kind are given. */
export interface ExternalContext<Spec = unknown> extends Context<Spec> {
    readonly name: string;
    /** Absent only for a cluster-scoped resource that names none. */
    readonly place?: string;
    /**
     * The same in every attempt to create this object for this resource, whoever makes it: `<uid of the resource>/<key>`. A
     * server that takes such a key then creates one object, however often it is asked.
     */
    readonly idempotencyKey: string;
}
/**
 * How objects of one kind are handled on their server. Each function runs in an activity, may run again after its worker
 * died in the middle, and passes `context.signal` to what waits.
 *
 * What a function throws becomes the reason of the resource: {@link Unreachable}, or a connection that fails, is waited
 * out; anything else is a refusal, shown word for word without what `context.secret` gave. Both are tried again, after 10 s
 * and then ever more slowly, at most every 10 minutes.
 */
export interface ExternalFunctions<Wanted, Remote, Spec> {
    /**
     * What the server has; undefined when it has none. Asked before anything is created, changed or removed.
     *
     * @param wanted absent when the object is no longer desired: for servers that can say how they would keep it.
     */
    observe(context: ExternalContext<Spec>, wanted?: Wanted): Promise<Remote | undefined>;
    create(wanted: Wanted, context: ExternalContext<Spec>): Promise<void>;
    update(wanted: Wanted, remote: Remote, context: ExternalContext<Spec>): Promise<void>;
    /** It is gone when `observe` says so, and asked again until then. */
    remove(remote: Remote, context: ExternalContext<Spec>): Promise<void>;
    /**
     * Where the two differ, for people; undefined when they do not. No value should be in it, for it may be a credential.
     *
     * @defaultValue {@link differenceOf}: what is wanted must be there, and more may be
     */
    differs?(wanted: Wanted, remote: Remote): string | undefined;
    /**
     * Where the two differ in what the server never changes, for people; undefined where `update` can change all of it. Asked when
     * `differs` names a difference. The object is then removed and created in its place, with an approval when that loses data.
     */
    replace?(wanted: Wanted, remote: Remote): string | undefined;
    /** Answers `true`, or what it is still waiting for; asked while the object is as wanted. */
    ready?(remote: Remote, context: ExternalContext<Spec>): Promise<true | string> | true | string;
}
export type AnyExternalFunctions = ExternalFunctions<any, any, any>;
/** Makes desired objects of one external kind. Made by {@link externalKind}, and named in the operator's `externals`. */
export interface ExternalKind<Wanted> {
    /** `name`: unique for this kind and place; without slashes. */
    (name: string, wanted: Wanted, options?: ExternalOptions): DesiredObject;
    readonly kind: string;
    readonly functions: AnyExternalFunctions;
    readonly options: Required<ExternalKindOptions>;
}
/**
 * Names a kind of object behind an API, and how it is handled there.
 *
 * @throws TypeError when `kind` is not CamelCase, a function is missing or an option is not one of its words.
 */
export declare function externalKind<Wanted extends object, Remote = Wanted, Spec = unknown>(kind: string, functions: ExternalFunctions<Wanted, Remote, Spec>, options?: ExternalKindOptions): ExternalKind<Wanted>;
/** Thrown by a function of an external kind whose server cannot answer now: it is asked again, slowly. */
export declare class Unreachable extends Error {
    readonly name: string;
    /** When the server asked to be tried again, for example `30 seconds`: what it says in a header `Retry-After`. */
    readonly retryAfter?: string;
    constructor(message: string, options?: ErrorOptions & {
        readonly retryAfter?: string;
    });
}
/**
 * Thrown by a function of an external kind whose server is gone for good, and with it all that was there: the resource that ran it
 * was deleted. What is to be removed counts as gone then, with an event; what is wanted waits, as for a server that is away.
 */
export declare class ServerGone extends Unreachable {
    readonly name = "ServerGone";
}
/**
 * The first place where what is wanted is not in what there is: `tableIndexConfig.loadMode`. Fields that are not wanted may
 * be anything, as in a server-side apply; lists must be equal in length and order.
 */
export declare function differenceOf(wanted: unknown, remote: unknown, path?: string): string | undefined;
