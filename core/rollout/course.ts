/**
 * Which set of objects a resource is to have: the one that its newest spec asks for, or, for a while, the last good one.
 * The spec stays as people wrote it; what is held back is said in status.
 */
import type { Approval, Orders, Signed } from '../commands/orders.ts';
import type { Restarts } from '../commands/restart.ts';
import { shortHash } from '../hash.ts';
import type { ObjectKey } from '../refs.ts';
import type { RolloutRules } from './rules.ts';
import { windowAt } from './rules.ts';

/** What a plan was made from, so that a change of the operator's code can be told from one of the resource. */
export interface PlanInput {
  /** Of the spec, the labels and annotations that a plan may read, and of configuration it does not own. */
  readonly digest: string;
  /** Tells the key that it is sealed with; absent where nothing of it is secret. */
  readonly key?: string;
  /** When restarts were asked for, as one text; absent before the first. */
  readonly restarts?: string;
}

/** A set of objects that was Current throughout. */
export interface Good {
  /** Name of the ControllerRevision that holds it. */
  readonly revision: string;
  readonly generation: number;
  /** Of the plan. */
  readonly digest: string;
  readonly input: PlanInput;
  /** Its Secrets, which a rollback needs and no revision keeps. */
  readonly secrets?: readonly ObjectKey[];
}

/** A generation that must not be rolled out, whatever it is built to: until the spec changes, or a person ends it. */
export interface Quarantine extends Signed {
  readonly generation: number;
  /** Began with the annotation `rollback`, and ends when that goes. */
  readonly asked?: true;
  /** The annotation `retry` when it began by itself: another one ends it. */
  readonly retry?: string;
  readonly message: string;
  /** RFC 3339. */
  readonly since: string;
}

/** What the choice is made from; the workflow remembers it, and status mirrors it. */
export interface Memory {
  readonly good?: Good;
  /** The good one before. */
  readonly previous?: Good;
  readonly quarantine?: Quarantine;
  /** When the pods of each role were last asked to restart. */
  readonly restarts?: Restarts;
}

/** What of a workflow's state it remembers of good and bad plans. */
export function memoryOf({ good, previous, quarantine, restarts }: Memory): Memory {
  return {
    ...(good ? { good } : {}),
    ...(previous ? { previous } : {}),
    ...(quarantine ? { quarantine } : {}),
    ...(restarts && Object.keys(restarts).length > 0 ? { restarts } : {}),
  };
}

export interface Newest {
  readonly generation: number;
  readonly digest: string;
  readonly input: PlanInput;
}

export type Course =
  /** `unable`: why a rollback that was asked for, or that the policy wants, cannot be carried out. */
  | { readonly kind: 'newest'; readonly unable?: string }
  /**
   * The operator's code changed and the resource did not, or the key of digests did; `token` approves it, `opens` is when a
   * window does.
   */
  | {
      readonly kind: 'held';
      readonly good: Good;
      readonly token: string;
      readonly opens?: number;
      readonly rekeyed?: true;
    }
  | { readonly kind: 'rolledBack'; readonly good: Good; readonly quarantine: Quarantine };

export const NEWEST: Course = { kind: 'newest' };

/** @param now epoch milliseconds. */
export function courseOf(
  memory: Memory,
  newest: Newest,
  orders: Orders,
  rules: RolloutRules,
  now: number,
): Course {
  const quarantine = quarantineOf(memory, newest, orders);
  const target = rollbackTarget(memory, newest);
  if (quarantine && target) return { kind: 'rolledBack', good: target, quarantine };
  if (quarantine) return unableToRollBack(quarantine, 'no earlier set of objects was kept that was Current');
  const { good } = memory;
  if (!good || good.digest === newest.digest) return NEWEST;
  const rekeyed = isRekeyed(good.input, newest.input);
  if (!rekeyed && good.generation !== newest.generation) return NEWEST;
  if (isOther(good.input, newest.input)) return NEWEST;
  const token = tokenOf(newest.digest, '', 'runtime');
  if (isApproved(orders, token, now)) return NEWEST;
  // With windows, those decide; without, somebody must, or the next change of the resource does.
  const { open, opens } = rules.windows ? windowAt(rules, 'Runtime', now) : { open: false };
  if (open) return NEWEST;
  const rest = { ...(opens === undefined ? {} : { opens }), ...(rekeyed ? { rekeyed } : {}) };
  return { kind: 'held', good, token, ...rest };
}

/** Digests are made with another key, which was moved or lost: no edit of the spec is a reason to restart pods for that. */
function isRekeyed(good: PlanInput, newest: PlanInput): true | undefined {
  const [before, now] = [good.key, newest.key];
  return before !== undefined && now !== undefined && before !== now ? true : undefined;
}

/** The newest spec stays in force, and no further stage of it begins: it is not wanted. */
export function unableToRollBack({ generation, message }: Quarantine, why: string): Course {
  const asked = `generation ${generation} cannot be rolled back (${message})`;
  return { kind: 'newest', unable: `${asked}: ${why}; change the spec to what it was` };
}

/** Why a rollback that is wanted cannot be carried out. */
export function unableOf(course: Course | undefined): string | undefined {
  return course?.kind === 'newest' ? course.unable : undefined;
}

/**
 * Whether the resource, or what its pods read of others, changed. Where the key was lost the digests cannot be compared, and the
 * generation, which is the same, must do: a new key is no reason to restart pods.
 */
function isOther(good: PlanInput, newest: PlanInput): boolean {
  const isComparable = good.key === undefined || good.key === newest.key;
  return (isComparable && good.digest !== newest.digest) || good.restarts !== newest.restarts;
}

/** Whether the rollout of this generation was given up. */
export function isQuarantined({ quarantine }: Memory, { generation }: Pick<Newest, 'generation'>): boolean {
  return quarantine?.generation === generation;
}

/**
 * The quarantine of the generation that is wanted now. A restart, a changed ConfigMap of others or another build of the operator
 * does not end it: nothing of that says that the generation is good.
 */
function quarantineOf(
  { quarantine }: Memory,
  { generation }: Newest,
  { rollback, retry }: Orders,
): Quarantine | undefined {
  const known = quarantine?.generation === generation ? quarantine : undefined;
  if (rollback?.generation !== generation)
    return known && !known.asked && known.retry === retry?.token ? known : undefined;
  if (known?.asked) return known;
  const { by, why } = rollback;
  return {
    generation,
    message: why ? `rollback requested: ${why}` : 'rollback requested',
    since: '',
    asked: true,
    ...(by ? { by } : {}),
    ...(why ? { why } : {}),
  };
}

/** What a rollback of the newest goes back to. */
export function rollbackTarget(
  { good, previous }: Memory,
  { generation, digest }: Pick<Newest, 'generation' | 'digest'>,
): Good | undefined {
  return [good, previous].find((each) => each && each.digest !== digest && each.generation !== generation);
}

/** Those that have not expired. */
export function approvalsAt({ approvals = [] }: Orders, now: number): readonly Approval[] {
  return approvals.filter(({ expires }) => expires === undefined || now < expires);
}

export function isApproved(orders: Orders, token: string, now: number): boolean {
  return approvalsAt(orders, now).some((each) => each.token === token);
}

/** What approves one stage of one plan, and nothing else. */
export function tokenOf(
  digest: string,
  stage: string,
  what: 'stage' | 'window' | 'runtime' | 'loss' | 'adoption',
): string {
  return shortHash(`${digest} ${stage} ${what}`).slice(-8);
}
