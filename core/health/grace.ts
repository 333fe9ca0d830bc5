import type { Health } from './health.ts';

/** How long a pod may find no node: a scheduler's first answer is often not its last (kstatus has the same window). */
export const UNSCHEDULABLE_GRACE_MS: number = 15_000;
/** How long an image may fail to be pulled: registries limit rates, pull secrets arrive late. */
export const IMAGE_PULL_GRACE_MS: number = 30_000;
/** How long a container may fail to be made: what it refers to is often applied in the same breath. */
export const CONFIG_ERROR_GRACE_MS: number = 30_000;
/** How long a controller may fail to create pods: quotas and admission webhooks come and go. */
export const REPLICA_FAILURE_GRACE_MS: number = 30_000;

type Verdict = Pick<Health, 'lookAgainMs'> & { readonly state: 'Failed' | 'InProgress' };

/** Failed once something has lasted for longer than its grace; before that, when to look again. */
export function afterGrace(since: number | undefined, graceMs: number, now: number | undefined): Verdict {
  if (since === undefined || now === undefined) return { state: 'InProgress' };
  const left = since + graceMs - now;
  // A node's clock may run ahead of ours; that must not make the wait longer.
  return left <= 0 ? { state: 'Failed' } : { state: 'InProgress', lookAgainMs: Math.min(left, graceMs) };
}
