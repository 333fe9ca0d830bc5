/**
 * What one resource's workflow remembers: plain JSON, so that it crosses continue-as-new, and small (about 200 bytes an
 * object). It is the memory of the operation and never the truth: intent is in the resource, fact in the cluster, and all
 * of this can be rebuilt from the labels and annotations on the objects.
 */
import type { HealthState } from '../health/health.ts';
import type { Orders } from '../commands/orders.ts';
import type { Restarts } from '../commands/restart.ts';
import type { PlannedRef } from '../plan/digests.ts';
import { isSecret } from '../plan/seal.ts';
import type { Reason } from '../reasons.ts';
import type { ObjectKey } from '../refs.ts';
import type { Reads } from './reads.ts';
import type { RoutineState } from './routine.ts';
import type { ScaleSeen } from '../scalers.ts';
import type { Condition, RolloutReport } from '../status/resource-status.ts';
import type { CommandsTold } from '../status/command-news.ts';
import type { Course, Good, Memory, Newest } from './course.ts';
import type { Settling } from './quiet-time.ts';
import type { RolloutRules, Trigger } from './rules.ts';

/** One object of the inventory, as it was applied and last seen. */
export interface Entry {
  /** Of what was applied; empty when the object no longer is what was applied. */
  readonly digest: string;
  readonly template?: string;
  readonly shape?: string;
  /** What the claim templates of a StatefulSet ask for, in bytes, as it is there. */
  readonly claims?: Readonly<Record<string, number>>;
  readonly uid: string;
  /** That the server gave to what was applied; absent for kinds without one. */
  readonly generation?: number;
  /** `ownedFields` of what was applied. */
  readonly fields: string;
  /** What can be scaled: its replicas, as last seen. */
  readonly scale?: Scale;
  /** The planned ones. */
  readonly replicas?: number;
  readonly yields?: true;
  readonly role?: string;
  readonly stage?: number;
  readonly retain?: boolean;
  readonly uncollected?: true;
  /** Of an external object: whether its server had it before this resource asked for it. */
  readonly origin?: 'created' | 'adopted';
  /** An external object that may be on its server, and was never seen there as it is wanted. */
  readonly unconfirmed?: true;
  /** An external object that its server did not show: when it is looked for once more, in epoch milliseconds. */
  readonly absentUntil?: number;
  readonly keepsPods?: true;
  readonly uses?: readonly ObjectKey[];
  readonly requires?: readonly ObjectKey[];
  readonly gate?: string;
  readonly before?: string;
  readonly after?: string;
  readonly canary?: number;
  /** Only its first few pods have the template that was applied, as a canary. */
  readonly partial?: true;
  /** ConfigMaps and Secrets that its pods read, as it was applied; workloads only. */
  readonly reads?: readonly ObjectKey[];
  /** Those that pods of its former templates read, while there are such pods. */
  readonly former?: readonly ObjectKey[];
  /** Absent: Current. */
  readonly health?: Exclude<HealthState, 'Current'>;
  /** A Job that its TTL deletes: `complete` while it is there, `expired` when it is gone and not to be run again. */
  readonly ending?: 'complete' | 'expired';
  /** It is being deleted, and stays listed until it is seen to be gone. */
  readonly leaving?: true;
}

/** The replicas of a live workload, and in which order they and its template change. */
export interface Scale extends ScaleSeen {
  /** `first`: it grew, and its new template waits until it is Current; `last`: its replicas wait for that. */
  readonly order?: 'first' | 'last';
  /** Whoever decided about them is gone: they go back to what is planned step by step. */
  readonly returning?: true;
}

/** Why an object is not as it should be. */
export interface Trouble {
  readonly reason: string;
  readonly message: string;
  /** RFC 3339. */
  readonly since: string;
  /** What the operator code that says so had read. */
  readonly read?: Reads;
  /** The server said when it may be asked again, in epoch milliseconds. */
  readonly notBefore?: number;
}

/** Of an object that is being deleted: which finalizers of others hold it. */
export interface Leaving extends Trouble {
  readonly finalizers?: readonly string[];
}

/** An apply that the API server refused. It is tried again slowly, and at once when the digest is another. */
export interface Refusal extends Trouble {
  readonly digest: string;
  /** What is there has what is never changed in place, otherwise. */
  readonly aboutShape?: true;
  /** What approves it. */
  readonly token?: string;
  /** It is not created before somebody approves that it takes the place of these. */
  readonly renames?: readonly ObjectKey[];
  /** Operator code failed, and nothing was refused. */
  readonly ofCall?: true;
  /** Who has the object, where it belongs to another: it is tried again when that changes. */
  readonly holder?: string;
  /** Of an external object that another resource has: how that one came by it. It is inherited, and not adopted. */
  readonly heir?: Entry['origin'];
  readonly attempts: number;
  /** Epoch milliseconds. */
  readonly retryAt: number;
}

/** An object of the inventory that cannot be read, or under its name a kind that cannot be listed. */
export interface Unread extends Trouble {
  readonly attempts: number;
  /** Epoch milliseconds. */
  readonly retryAt: number;
}

/** An object of somebody else, as the last plan saw it. */
export interface Reference {
  /** What was seen, in one word; a bridge that sees another one says so. */
  readonly seen: string;
  /** Of its content, where pods read it; the last one that was seen where it is missing now. */
  readonly digest?: string;
  /** Why what requires it is not applied; absent when it may be. */
  readonly trouble?: Trouble;
}

/** A workload that is getting another shape (`core/storage/next-reshape.ts`), and what that waits for. */
export interface Reshaping extends Trouble {
  readonly attempts: number;
  /** Epoch milliseconds. */
  readonly lookAt: number;
  /** It may be deleted, with its pods left running and what it was written down. */
  readonly released?: true;
  /** Its pods go, too, and so it waits for its turn. */
  readonly inTurn?: true;
}

/** Broken pods of an old revision that were replaced, so that the template that mends them gets through. */
export interface Unblocking {
  /** Digest of the pod template that is being rolled out. */
  readonly template: string;
  /** How many pods were replaced for it. */
  readonly count: number;
  /** How many may be: each once. */
  readonly budget: number;
  /** Why the next one may not be replaced yet. */
  readonly why?: string;
  readonly attempts: number;
  /** Epoch milliseconds. */
  readonly askAgainAt: number;
}

/** How often fields of ours were taken from an object of late. */
export interface Contest {
  /** Of which one is forgotten in a while. */
  readonly takes: number;
  /** When the last was, in epoch milliseconds. */
  readonly at: number;
}

/** Operator code that failed, and runs again. */
export interface CallTrouble extends Trouble {
  readonly attempts: number;
  /** Epoch milliseconds. */
  readonly retryAt: number;
}

/** How far a workload with a gate or hooks has come in this rollout. */
export interface Passage {
  readonly before?: true;
  readonly applied?: true;
  readonly gate?: 'open' | GateAnswer;
  readonly after?: true;
  /** Only the first few pods have changed; or those were well, and the others followed. */
  readonly canary?: 'rolling' | 'passed';
}

export interface GateAnswer {
  readonly why: string;
  /** It did not answer, but failed so. */
  readonly reason?: string;
  readonly since: string;
  readonly read?: Reads;
  readonly attempts: number;
  readonly askAgainAt: number;
}

export interface Rollout {
  readonly trigger: Trigger;
  readonly generation: number;
  /** Digests of the plan before and of this one. */
  readonly from?: string;
  readonly to: string;
  readonly startedAt: string;
  /** By index of the plan's stages; only stages that this rollout changes. */
  readonly stages: Readonly<Record<number, { readonly startedAt?: string; readonly finishedAt?: string }>>;
  readonly passages: Readonly<Record<ObjectKey, Passage>>;
}

export interface ReconcileState extends Memory {
  readonly version: 1;
  /** Of the resource; another uid under the same name is another resource. */
  readonly uid?: string;
  /** The newest generation that was planned. */
  readonly generation: number;
  readonly inventory: Readonly<Record<ObjectKey, Entry>>;
  /** Objects that no owner reference collects, and that an apply without an answer may have made; absent when there are none. */
  readonly sent?: readonly ObjectKey[];
  readonly refusals: Readonly<Record<ObjectKey, Refusal>>;
  /** Objects from which somebody took fields of ours, of late. */
  readonly contests?: Readonly<Record<ObjectKey, Contest>>;
  /** Objects that are not Current, and why. */
  readonly unhealthy: Readonly<Record<ObjectKey, Leaving>>;
  /** What the API server does not show to the operator, and why; absent when it shows everything. */
  readonly unread?: Readonly<Record<string, Unread>>;
  /** Objects of others that the last plan looked at; absent when there are none. */
  readonly references?: Readonly<Record<ObjectKey, Reference>>;
  /** Contents of references that are not taken up yet. */
  readonly settling?: Settling;
  /** Of the author's routine; absent where the resource needs none. */
  readonly routine?: RoutineState;
  readonly reshaping?: Readonly<Record<ObjectKey, Reshaping>>;
  readonly unblocking?: Readonly<Record<ObjectKey, Unblocking>>;
  readonly rollout?: Rollout;
  /** Pod templates of workloads that went away in the middle of a rollout that had not come to them. */
  readonly lost?: Readonly<Record<ObjectKey, string>>;
  /** The last finished rollouts, newest first. */
  readonly journal: readonly RolloutReport[];
  readonly conditions: readonly Condition[];
  /** Hash of the status that was last written; absent when it is to be written whatever it says. */
  readonly reported?: string;
  /** That status as the API server has it since. */
  readonly written?: StatusSeen;
  /** Another hand changed the status; absent again when that was told. */
  readonly overwritten?: Overwritten;
  /** What was last told of rollouts and of trouble, so that each piece of news is told once. */
  readonly told: Told;
  /** The last order to retry that was followed. */
  readonly retried?: string;
  /** The author's `onDelete` ran through. */
  readonly cleanedUp?: true;
  /** Why it did not, and when it runs again. */
  readonly cleanup?: CallTrouble;
}

/** A status as the API server has it. */
export interface StatusSeen {
  /** `statusFingerprint` */
  readonly fingerprint: string;
  /** Of the resource that has it: a write that names it changes nothing newer. */
  readonly resourceVersion: string;
}

/** A status that is not as it was written. */
export interface Overwritten {
  /** The field manager that changed it last; absent when it was an earlier write of ours that arrived late. */
  readonly by?: string;
}

/** What events have told. */
export interface Told {
  readonly rollout?: RolloutReport;
  /** Reason of the last warning; absent when all is well. */
  readonly trouble?: string;
  /** Why the order of the stages may be another than is meant. */
  readonly order?: string;
  readonly commands?: CommandsTold;
  /** Who decides about the replicas of a workload in the operator's place. */
  readonly scalers?: Readonly<Record<ObjectKey, string>>;
  /** Autoscalers that cannot scale, by the reason. */
  readonly troubled?: Readonly<Record<ObjectKey, string>>;
}

export const NEW_STATE: ReconcileState = {
  version: 1,
  generation: 0,
  inventory: {},
  refusals: {},
  unhealthy: {},
  journal: [],
  conditions: [],
  told: {},
};

/** A plan as the workflow holds it: refs and stages. */
export interface PlanView {
  readonly uid: string;
  readonly generation: number;
  readonly digest: string;
  readonly refs: Readonly<Record<ObjectKey, PlannedRef>>;
  /** Names of the stages, for people. */
  readonly stages: readonly string[];
  readonly warnings: readonly string[];
  /** Why the order of the stages may be another than is meant. */
  readonly orderTrouble?: string;
  /** What a stage may take. */
  readonly stageDeadlineMs: number;
  readonly firstInstall: 'parallel' | 'ordered';
  /** How long from one run of the routine to the next; absent: it does not run. */
  readonly routineEveryMs?: number;
  /** Of all that was planned and of what governs its rollout; another one is another plan. */
  readonly version?: string;
  /** Absent: what the newest spec asks for. */
  readonly course?: Course;
  /** What the newest spec asks for, also where it is held back. */
  readonly newest?: Newest;
  /** The revision that holds this plan, where one is kept. */
  readonly revision?: string;
  /** When pods were last asked to restart; absent before the first time. */
  readonly restarts?: Restarts;
  readonly orders?: Orders;
  /** `askedFingerprint` of the labels and annotations that the plan was made from. */
  readonly commands?: string;
  readonly rules?: RolloutRules;
  /** Epoch milliseconds at which the plan may be another although nothing changed: a window opens, an approval lapses. */
  readonly validUntil?: number;
}

/** What is known to be good, once a plan is carried out in full. */
export function goodOf({ revision, newest, digest, refs }: PlanView): Good | undefined {
  if (!revision || newest?.digest !== digest) return undefined;
  const secrets = Object.keys(refs).filter(isSecret);
  return { revision, ...newest, ...(secrets.length > 0 ? { secrets } : {}) };
}

/** Why the resource cannot be reconciled now. Nothing is applied and nothing is deleted until it can. */
export interface PlanFailure {
  readonly reason: Reason;
  readonly message: string;
  readonly generation: number;
  /** It passes by itself, as an outage does; otherwise somebody must act. */
  readonly passes?: true;
  /** For want of time or room, which others take: it may be over at any moment, and nothing would say so. */
  readonly isOfLoad?: true;
}

/** What a plan says of an object beside its content. */
export type Place = Pick<
  PlannedRef,
  | 'replicas'
  | 'yields'
  | 'role'
  | 'stage'
  | 'retain'
  | 'uncollected'
  | 'keepsPods'
  | 'canary'
  | 'uses'
  | 'requires'
  | 'gate'
  | 'before'
  | 'after'
>;

export function placeOf(place: Place): Place {
  const { replicas, yields, role, stage, retain, keepsPods, uses, requires, gate, before, after } = place;
  const { canary, uncollected } = place;
  return {
    ...(replicas === undefined ? {} : { replicas }),
    ...(yields ? { yields } : {}),
    ...(role ? { role } : {}),
    ...(stage === undefined ? {} : { stage }),
    ...(retain === undefined ? {} : { retain }),
    ...(uncollected ? { uncollected } : {}),
    ...(keepsPods ? { keepsPods } : {}),
    ...(canary === undefined ? {} : { canary }),
    ...(uses ? { uses } : {}),
    ...(requires ? { requires } : {}),
    ...(gate ? { gate } : {}),
    ...(before ? { before } : {}),
    ...(after ? { after } : {}),
  };
}

/** What tells whether a planned object is the one the workflow already knows. */
export function fingerprintOf(known: Place & Pick<PlannedRef, 'digest' | 'claims'>): string {
  const { role = '', stage = '', retain = '', uses = [], gate = '', before = '', after = '' } = known;
  const { requires = [] } = known;
  const scale = `${known.replicas ?? ''}${known.yields ? '?' : ''}`;
  const words = [known.digest, stage, role, retain, uses.join(), gate, before, after, scale, requires.join()];
  const claims = known.claims ? JSON.stringify(known.claims) : '';
  return [...words, known.keepsPods ?? '', known.canary ?? '', claims].join(' ').trimEnd();
}

/** `fingerprintOf` each object of an inventory. */
export function fingerprintsOf(inventory: ReconcileState['inventory']): Readonly<Record<ObjectKey, string>> {
  return Object.fromEntries(Object.entries(inventory).map(([key, entry]) => [key, fingerprintOf(entry)]));
}

/** A planned object that is in the inventory as planned. */
export function refOf(key: ObjectKey, { digest, template, shape, claims, ...entry }: Entry): PlannedRef {
  const parts = {
    ...(template ? { template } : {}),
    ...(shape ? { shape } : {}),
    ...(claims ? { claims } : {}),
  };
  return { key, digest, ...parts, ...placeOf(entry) };
}

/** The record without a key. */
export function without<Value>(record: Readonly<Record<string, Value>>, key: string): Record<string, Value> {
  const { [key]: _, ...rest } = record;
  return rest;
}
