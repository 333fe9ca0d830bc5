import type { DesiredObject } from './objects.ts';
export interface OrderOptions {
    /**
     * Changes the workloads of one role together instead of one after the other.
     *
     * @defaultValue `false`
     */
    readonly parallel?: boolean;
}
/** Workloads whose disruptive changes happen role by role. Made by {@link inOrder}. */
export interface Ordered {
    readonly order: readonly string[];
    readonly workloads: readonly DesiredObject[];
    readonly parallel: boolean;
}
/**
 * Orders the upgrades of `workloads` by their `role`, and the workloads of one role one after the other: each is awaited
 * until it is Current. Roles that `order` does not list come last, in the order of their first workload, and are never
 * dropped; a listed role that no workload has is reported.
 */
export declare function inOrder(order: readonly string[], workloads: readonly (DesiredObject | false | null | undefined)[], options?: OrderOptions): Ordered;
