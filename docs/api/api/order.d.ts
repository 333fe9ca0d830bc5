import type { DesiredObject } from './objects.ts';
export interface OrderOptions {
    /**
     * How many workloads of one role change together: all, or so many at a time; `false` is one after the other.
     *
     * @defaultValue `false`
     */
    readonly parallel?: boolean | number;
    /**
     * The failure domain of a workload, for example its zone: the workloads of one role and one domain change together, the
     * domains one after the other, in the order of their first workload. With `parallel` a number, so many of a domain at a time.
     */
    readonly batchBy?: (workload: DesiredObject) => string;
}
/** Workloads whose disruptive changes happen role by role. Made by {@link inOrder}. */
export interface Ordered {
    readonly order: readonly string[];
    readonly workloads: readonly DesiredObject[];
    /** The workloads of one role in batches that change together, in order. */
    batches(workloads: readonly DesiredObject[]): readonly (readonly DesiredObject[])[];
}
/** In an order: all roles that it does not list. */
export declare const OTHER_ROLES = "*";
/** Roles that are known to the compiler and stand nowhere in the order. */
type Unlisted<Listed extends string, Role extends string> = string extends Listed | Role ? never : typeof OTHER_ROLES extends Listed ? never : Exclude<Role, Listed>;
/**
 * Orders the upgrades of `workloads` by their `role`, and the workloads of one role one after the other: each is awaited
 * until it is Current. Roles that `order` does not list come where it says `'*'`, else last, in the order of their first workload,
 * and are never dropped. A role that is not listed is a type error where the compiler knows it. Where a listed role has no
 * workload besides, one of the two is taken for a mistake: pods change in such an order only when it is corrected.
 *
 * @throws TypeError when `parallel` is no whole number of at least 1.
 */
export declare function inOrder<const Listed extends string, const Role extends string = string>(order: readonly Listed[], workloads: readonly (DesiredObject<Role> | false | null | undefined)[] & ([Unlisted<Listed, Role>] extends [never] ? unknown : {
    readonly 'roles that the order does not list': Unlisted<Listed, Role>;
}), options?: OrderOptions): Ordered;
export {};
