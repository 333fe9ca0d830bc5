/**
 * Which configuration pods may still read. A version of a ConfigMap is desired no longer as soon as the resource names
 * another content; it goes when the last pod that could start with it is gone.
 */
import type { Health } from '../health/health.ts';
import { isConfiguration } from '../plan/categories.ts';
import type { ObjectKey } from '../refs.ts';
import type { Entry } from './state.ts';

type Reading = Pick<Entry, 'reads' | 'former'>;
/** From a plan, or from the inventory where only its scale was applied. */
type Applied = Pick<Entry, 'template' | 'uses' | 'reads'>;

/** What the pods of any workload of the inventory may read; a workload that is being deleted still has pods. */
export function stillRead(inventory: Readonly<Record<ObjectKey, Entry>>): ReadonlySet<ObjectKey> {
  return new Set(Object.values(inventory).flatMap(({ reads = [], former = [] }) => [...reads, ...former]));
}

/** What the pods of a workload may read once it is applied: what the plan says, and until they are gone what it said before. */
export function readingOf(applied: Applied, known: Entry | undefined, health: Health): Reading {
  const reads = applied.reads ?? applied.uses?.filter(isConfiguration) ?? [];
  const outlived = hasOnlyNewPods(health) ? [] : (known?.former ?? []);
  // Pods of the former template run on, and a controller that has not seen the new one still makes some.
  const replaced = known && known.template !== applied.template ? (known.reads ?? []) : [];
  const former = [...new Set([...outlived, ...replaced])].filter((key) => !reads.includes(key));
  return { reads, ...(former.length > 0 ? { former } : {}) };
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
