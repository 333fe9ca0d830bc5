import type { Context } from './operator.ts';
import type { Resource } from './resource.ts';
/** What a routine is given. */
export interface RoutineContext<Spec = unknown, State = unknown> extends Context<Spec> {
    /** What the last run answered; absent in the first. */
    readonly last?: State;
}
/** What a run comes to. */
export interface RoutineAnswer<State> {
    /**
     * Plain JSON, below {@link MOST_ROUTINE_STATE} bytes and without secrets: it stands under `status.routine`, which the CRD
     * must know, and the next run is given it. A status is written when it differs from the last one.
     */
    readonly state: State;
    /**
     * How long until the next run: at least `1 second`, at most `365 days`.
     *
     * @defaultValue `every`
     */
    readonly again?: string;
    /** Why the resource is not as it should be; it is not Ready with this reason, until a run answers without. */
    readonly trouble?: {
        /** CamelCase, stable: what people filter by. */
        readonly reason: string;
        readonly message: string;
    };
}
/**
 * Author code that runs again and again for each resource: reads a metric, decides, acts. It runs while nothing else is to
 * be done, never twice at once for one resource, and at once when the spec changed.
 *
 * **Guarantees**: when it runs next, and what the last run answered, outlive any process. **Assumptions**: a run may be cut
 * short and repeated, so what it does must be idempotent. **Errors**: a run that throws leaves what is known as it is, makes
 * the resource not Ready with reason `RoutineFailed`, and is followed by the next one in time.
 */
export interface Routine<Spec = unknown, State = unknown> {
    /**
     * How long from the end of a run to the next, for example `30 seconds`, at least `1 second` and at most `365 days`; undefined: this resource needs
     * none. It is asked when the spec changed; `last` is what the last run answered.
     */
    every(resource: Resource<Spec>, last: State | undefined): string | undefined;
    /** It has `rollout.timeLimits.routine`, by default a minute. */
    run(context: RoutineContext<Spec, State>): Promise<RoutineAnswer<State>> | RoutineAnswer<State>;
}
/** In bytes of JSON: what every run costs in history. */
export declare const MOST_ROUTINE_STATE = 16384;
