/**
 * Which set of objects a resource is to have: the one that its newest spec asks for, or, for a while, the last good one.
 * The spec stays as people wrote it; what is held back is said in status.
 */
import type { Approval, Orders, Signed } from '../commands/orders.ts';
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
  /** When somebody last asked for a restart. */
  readonly restartedAt?: string;
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

/** A plan that must not be rolled out, until the resource changes. */
export interface Quarantine extends Signed {
  readonly generation: number;
  /** Absent: whatever this generation is built to. */
  readonly digest?: string;
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
}

/** What of a workflow's state it remembers of good and bad plans. */
export function memoryOf({ good, previous, quarantine }: Memory): Memory {
  return {
    ...(good ? { good } : {}),
    ...(previous ? { previous } : {}),
    ...(quarantine ? { quarantine } : {}),
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
  /** The operator's code changed and the resource did not; `token` approves it, `opens` is when a window does. */
  | { readonly kind: 'held'; readonly good: Good; readonly token: string; readonly opens?: number }
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
  if (!good || good.digest === newest.digest || good.generation !== newest.generation) return NEWEST;
  if (isOther(good.input, newest.input)) return NEWEST;
  const token = tokenOf(newest.digest, '', 'runtime');
  if (isApproved(orders, token, now)) return NEWEST;
  // With windows, those decide; without, somebody must, or the next change of the resource does.
  const { open, opens } = rules.windows ? windowAt(rules, 'Runtime', now) : { open: false };
  if (open) return NEWEST;
  return { kind: 'held', good, token, ...(opens === undefined ? {} : { opens }) };
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
  return (isComparable && good.digest !== newest.digest) || good.restartedAt !== newest.restartedAt;
}

/** Whether the rollout of this very plan was given up. */
export function isQuarantined(
  { quarantine }: Memory,
  { generation, digest }: Pick<Newest, 'generation' | 'digest'>,
): boolean {
  if (quarantine?.generation !== generation) return false;
  return quarantine.digest === undefined || quarantine.digest === digest;
}

/** The quarantine that holds for what is wanted now; a newer generation ends it. */
function quarantineOf(
  { quarantine }: Memory,
  { generation, digest }: Newest,
  { rollback }: Orders,
): Quarantine | undefined {
  if (quarantine && isQuarantined({ quarantine }, { generation, digest })) return quarantine;
  if (rollback?.generation !== generation) return undefined;
  const { by, why } = rollback;
  const asked = `somebody asked to roll back`;
  return {
    generation,
    message: why ? `${asked}: ${why}` : asked,
    since: '',
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
  what: 'stage' | 'window' | 'runtime' | 'loss',
): string {
  return shortHash(`${digest} ${stage} ${what}`).slice(-8);
}
