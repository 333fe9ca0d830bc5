/**
 * What is said to a running `reconcile` workflow. A signal means "look again" and carries a hint of where to look, never
 * truth: dropped, doubled or swapped signals change nothing in the end.
 */
import type { UpdateDefinition } from '@temporalio/common';
import type { QueryDefinition, SignalDefinition } from '@temporalio/workflow';
import type { ApproveRequest, Asker, PauseRequest, RestartRequest } from '../core/commands/commands.ts';
import type { Hint } from '../core/hint.ts';
import type { ResourceRef } from '../core/refs.ts';
/** The resource changed, appeared, is being deleted or is gone. */
export declare const resourceChanged: SignalDefinition<[Hint]>;
/** Owned objects changed in a way that matters. */
export declare const objectsChanged: SignalDefinition<[Hint]>;
export interface CommandAnswer {
    /** What was done, for people. */
    readonly message: string;
}
export type CommandUpdate<Request> = UpdateDefinition<CommandAnswer, [Request]>;
/** What people may ask for. A command that makes no sense now is refused with the reason, and changes nothing. */
export interface Commands {
    readonly approve: CommandUpdate<ApproveRequest>;
    readonly rollBack: CommandUpdate<Asker>;
    readonly retry: CommandUpdate<Asker>;
    readonly pause: CommandUpdate<PauseRequest>;
    readonly resume: CommandUpdate<Asker>;
    readonly restart: CommandUpdate<RestartRequest>;
    readonly abandon: CommandUpdate<Asker>;
}
export declare const UPDATES: Commands;
/** What a `reconcile` workflow is started with. */
export interface ReconcileInput {
    readonly resource: ResourceRef;
    /** Whether the Temporal namespace knows this project's search attributes. */
    readonly searchAttributes: boolean;
}
export interface RolloutStatus {
    /** For example `Progressing (RollingOut): StatefulSet pinot-broker: 0 of 1 replicas ready`. */
    readonly summary: string;
    /** The page of Temporal UI, in markdown. */
    readonly details: string;
}
/** What the workflow is doing, for `temporal workflow query` and the CLI. */
export declare const rolloutStatus: QueryDefinition<RolloutStatus>;
/** The names of the search attributes, all of type Keyword. */
export declare const SEARCH_ATTRIBUTES: {
    readonly kind: 'ResourceKind';
    readonly namespace: 'ResourceNamespace';
    /** `True`, `False` or `Unknown`, as in the condition Ready. */
    readonly ready: 'ResourceReady';
    /** The role that is being rolled, or `-`. */
    readonly stage: 'ResourceStage';
};
/** The names of what a workflow notes in its memo. */
export declare const MEMO: {
    /** When it last looked at all that the resource has behind APIs, in epoch milliseconds: no bridge sees that. */
    readonly comparedAt: 'ComparedAt';
};
