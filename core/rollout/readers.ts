/**
 * Which configuration pods may still read. A version of a ConfigMap is desired no longer as soon as the resource names
 * another content; it goes when the last pod that could start with it is gone.
 */
import type { Health } from '../health/health.ts';
import { isConfiguration } from '../plan/categories.ts';
import type { ObjectKey } from '../refs.ts';
import type { Entry, PlanView, ReconcileState } from './state.ts';

type Reading = Pick<Entry, 'reads' | 'former'>;
/** From a plan, or from the inventory where only its scale was applied. */
type Applied = Pick<Entry, 'template' | 'uses' | 'reads'>;

/** What the pods of any workload of the inventory may read; a workload that is being deleted still has pods. */
function stillRead({ inventory }: ReconcileState): readonly ObjectKey[] {
  return Object.values(inventory).flatMap(({ reads = [], former = [] }) => [...reads, ...former]);
}

/** What must stay though it is desired no longer. No revision keeps the content of a Secret, so a rollback needs the live one. */
export function stillNeeded(plan: PlanView, state: ReconcileState): ReadonlySet<ObjectKey> {
  const before = state.good?.digest === plan.digest ? state.previous : state.good;
  return new Set([...stillRead(state), ...(before?.secrets ?? [])]);
}

/** What pods may read and nobody has: it was deleted while only pods of former templates need it. */
export function missingReads({ refs }: PlanView, state: ReconcileState): readonly ObjectKey[] {
  return [...new Set(stillRead(state))].filter((key) => !(key in refs) && !(key in state.inventory));
}

/** Forgets that something cannot be had again, when no pod is left that could read it. */
export function forgetUnread(state: ReconcileState, plan: PlanView): ReconcileState {
  const missing = new Set(missingReads(plan, state));
  const isOver = (key: ObjectKey): boolean =>
    isConfiguration(key) && !(key in plan.refs) && !(key in state.inventory) && !missing.has(key);
  const kept = Object.entries(state.refusals).filter(([key]) => !isOver(key));
  const isSame = kept.length === Object.keys(state.refusals).length;
  return isSame ? state : { ...state, refusals: Object.fromEntries(kept) };
}

/** What the pods of a workload may read once it is applied: what the plan says, and until they are gone what it said before. */
export function readingOf(
  key: ObjectKey,
  applied: Applied,
  { known, health }: { readonly known: Entry | undefined; readonly health: Health },
): Reading {
  const reads = applied.reads ?? applied.uses?.filter(isConfiguration) ?? [];
  const replaced = known && known.template !== applied.template ? (known.reads ?? []) : [];
  const isOver = hasOnlyNewPods(health);
  const former = isOver && saysWhatItSaw(key) ? [] : [...(isOver ? [] : (known?.former ?? [])), ...replaced];
  const others = [...new Set(former)].filter((each) => !reads.includes(each));
  return { reads, ...(others.length > 0 ? { former: others } : {}) };
}

/** A CronJob has no `observedGeneration`: its controller may still make a Job from the former template. */
function saysWhatItSaw(key: ObjectKey): boolean {
  return !key.startsWith('CronJob.batch/');
}

/** The entry of a workload that was looked at after it was applied. */
export function seenWith(entry: Entry, health: Health): Entry {
  if (!entry.former || !hasOnlyNewPods(health)) return entry;
  const { former: _, ...rest } = entry;
  return rest;
}

/** Whether a workload says that no pod of a former template is left. */
export function hasOnlyNewPods({ state, lags }: Health): boolean {
  return state === 'Current' && !lags;
}
