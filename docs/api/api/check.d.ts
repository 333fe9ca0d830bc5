/**
 * The mistakes that specs of data systems share: entries of lists have names, and other entries refer to them. Each check
 * answers what is wrong, for `throw new InvalidResource(causes)` after all of them, so that the author of a resource reads
 * everything at once.
 */
import type { InvalidCause } from './invalid.ts';
/** An entry of a list in a spec: its name, or something that has one. */
export type NamedEntry = string | {
    readonly name: string;
};
/** Each answers what is wrong: nothing, or a cause for every mistake. */
export interface Checks {
    /** Every entry of `list`, for example `spec.k8sConfig`, has a name, and no two have the same. */
    names(list: string, entries: readonly NamedEntry[]): readonly InvalidCause[];
    /** As `names`, of entries whose names become parts of the names of objects. */
    objectNames(list: string, entries: readonly NamedEntry[]): readonly InvalidCause[];
    /** `name`, written in `field`, is that of an entry: `('spec.nodes[2].k8sConfig', node.k8sConfig, spec.k8sConfig)`. */
    reference(field: string, name: string, entries: readonly NamedEntry[]): readonly InvalidCause[];
}
export declare const check: Checks;
