/**
 * How the resources of an operator stand, in numbers: counted from their statuses whenever somebody asks, so that nothing is
 * counted twice and nothing is forgotten by a restart.
 */
import { own } from '../core/own.ts';
import { OUR_REASONS } from '../core/reasons.ts';
import type { ResourceStatus } from '../core/status/resource-status.ts';
import { changedAt } from './lean-objects.ts';
import { isIgnored } from './predicates.ts';
import type { KnownResource } from './resources.ts';
import { statusOf } from './resources.ts';

/** Numbers of resources, by reason. */
export type Reasons = Readonly<Record<string, number>>;

export interface Standing {
  /** Each resource once. */
  readonly states: { readonly ready: Reasons; readonly reconciling: Reasons; readonly stalled: Reasons };
  /** Whose rollout does not go on by itself. */
  readonly halted: Reasons;
  /** Which wait for somebody to approve. */
  readonly awaitingApproval: Reasons;
  readonly paused: number;
  /** Of all resources whose newest generation no worker has taken up, how long that of the oldest is there; 0 without any. */
  readonly unobservedSeconds: number;
}

/** A generation that no worker has taken up says nothing yet; what its status says is of another. */
const NOT_OBSERVED = 'NotObserved';

/** Those that somebody asked to be left alone stand nowhere. @param now epoch milliseconds. */
export function standingOf(resources: Iterable<KnownResource>, now: number): Standing {
  const states = { ready: {}, reconciling: {}, stalled: {} };
  const halted: Record<string, number> = {};
  const awaitingApproval: Record<string, number> = {};
  let [paused, oldest] = [0, now];
  for (const resource of resources) {
    const { manifest } = resource;
    if (isIgnored(manifest)) continue;
    const status = statusOf(resource);
    const isObserved = (status.observedGeneration ?? 0) >= (manifest.metadata.generation ?? 0);
    if (!isObserved) oldest = Math.min(oldest, changedAt(manifest) ?? now);
    const { state, reason } = isObserved ? stateOf(status) : UNOBSERVED;
    count(states[state], reason);
    const halt = haltOf(status);
    if (halt !== undefined) count(halted, halt);
    const [pending] = status.rollout?.pendingApprovals ?? [];
    if (pending) count(awaitingApproval, pending.reason);
    if (conditionOf(status, 'Paused')) paused++;
  }
  return { states, halted, awaitingApproval, paused, unobservedSeconds: (now - oldest) / 1000 };
}

interface State {
  readonly state: keyof Standing['states'];
  readonly reason: string;
}

const UNOBSERVED: State = { state: 'reconciling', reason: NOT_OBSERVED };

function stateOf(status: Partial<ResourceStatus>): State {
  const stalled = conditionOf(status, 'Stalled');
  if (stalled) return { state: 'stalled', reason: stalled.reason };
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  if (!ready) return UNOBSERVED;
  return { state: ready.status === 'True' ? 'ready' : 'reconciling', reason: ready.reason };
}

/** Why a rollout does not go on: it was stopped where it is, or taken back. */
function haltOf(status: Partial<ResourceStatus>): string | undefined {
  if (conditionOf(status, 'Quarantined')) return OUR_REASONS.RolledBack;
  const isRolling = status.rollout !== undefined && status.rollout.finishedAt === undefined;
  return isRolling ? conditionOf(status, 'Stalled')?.reason : undefined;
}

/** The condition, while it is True. */
function conditionOf(
  { conditions = [] }: Partial<ResourceStatus>,
  wanted: string,
): ResourceStatus['conditions'][number] | undefined {
  return conditions.find(({ type, status }) => type === wanted && status === 'True');
}

function count(counts: Record<string, number>, reason: string): void {
  counts[reason] = (own(counts, reason) ?? 0) + 1;
}
