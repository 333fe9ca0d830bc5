/** The conditions of a resource, written so that kubectl wait, Flux, Argo CD and Helm read the same from them. */
import { bounded } from '../bounded-text.ts';
import { OUR_REASONS } from '../reasons.ts';
import type { Condition, InventoryStatus, ResourceStatus } from './resource-status.ts';

/** What is to be said; when it began is for {@link setConditions} to know. */
export type NextCondition = Omit<Condition, 'lastTransitionTime'>;

/** Conditions that are there only while they are True: their absence is the good news. */
const ABNORMAL_TRUE: ReadonlySet<string> = new Set([
  'Reconciling',
  'Stalled',
  'Degraded',
  'Paused',
  'OrderUnclear',
  'Quarantined',
  'RuntimeUpdatePending',
]);
const ORDER: readonly string[] = ['Ready', 'Reconciling', 'Stalled', 'Progressing'];
/** All that this project writes. */
export const OUR_CONDITIONS: ReadonlySet<string> = new Set([...ORDER, ...ABNORMAL_TRUE]);
const LONGEST = 1_024;

/**
 * Puts `next` in the place of conditions of the same type and keeps the others. The same values once more change nothing;
 * `lastTransitionTime` moves only when `status` flips. Those that tell of trouble leave when they are not True.
 */
export function setConditions(
  previous: readonly Condition[],
  next: readonly NextCondition[],
  now: string,
): Condition[] {
  const conditions = new Map(previous.map((each) => [each.type, each]));
  for (const { type, status, observedGeneration, reason, message } of next) {
    const known = conditions.get(type);
    const lastTransitionTime = known?.status === status ? known.lastTransitionTime : now;
    conditions.set(type, {
      type,
      status,
      observedGeneration,
      lastTransitionTime,
      reason,
      message: bounded(message, LONGEST),
    });
  }
  return Array.from(conditions.values())
    .filter(({ type, status }) => status === 'True' || !ABNORMAL_TRUE.has(type))
    .sort((a, b) => rank(a.type) - rank(b.type));
}

/**
 * The first word about a generation: it is seen, and not done yet. Written before anything is applied, since kstatus reads a
 * resource that says nothing as Current.
 */
export function acceptGeneration(
  status: Partial<ResourceStatus> | undefined,
  generation: number,
  now: string,
  inventory?: InventoryStatus,
): ResourceStatus {
  const reason = status ? OUR_REASONS.RollingOut : OUR_REASONS.Installing;
  const message = `generation ${generation} is being ${status ? 'rolled out' : 'installed'}`;
  const say = (type: string, is: Condition['status']): NextCondition => ({
    type,
    status: is,
    observedGeneration: generation,
    reason,
    message,
  });
  const said = [
    say('Ready', 'Unknown'),
    say('Reconciling', 'True'),
    say('Progressing', 'True'),
    say('Stalled', 'False'),
  ];
  return {
    ready: '-',
    stage: '-',
    ...status,
    ...(inventory ? { inventory } : {}),
    observedGeneration: generation,
    conditions: setConditions(status?.conditions ?? [], said, now),
  };
}

function rank(type: string): number {
  const place = ORDER.indexOf(type);
  return place < 0 ? ORDER.length : place;
}
