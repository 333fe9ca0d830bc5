/** Why a resource cannot be turned into objects, said in the words of its author. */
export interface InvalidCause {
    /** Path of the field in the resource: `spec.nodes[2].k8sConfig`. */
    readonly field: string;
    /** What is wrong there, what was expected, what to do. */
    readonly message: string;
}
/**
 * Thrown by `desired` when the resource cannot be built. The resource becomes `Stalled` with reason `PlanInvalid` and a
 * message that names each field; nothing is applied and nothing is deleted until the spec changes.
 */
export declare class InvalidResource extends Error {
    readonly name = "InvalidResource";
    readonly causes: readonly InvalidCause[];
    constructor(causes: readonly InvalidCause[]);
}
/** An {@link InvalidResource} with one cause: `throw invalid('spec.nodes[2].k8sConfig', 'no k8sConfig is named "x"')`. */
export declare function invalid(field: string, message: string): InvalidResource;
