import type { PlannedRef } from '../plan/digests.ts';
import type { Entry } from './state.ts';

/** How a workload stands to its entry in the inventory. */
export type Change = 'none' | 'new' | 'harmless' | 'disruptive';

export function changeOf(ref: PlannedRef, entry: Entry | undefined): Change {
  if (!entry || entry.unconfirmed) return 'new';
  if (entry.digest === ref.digest) return 'none';
  // An empty digest is drift: the template that was applied is the planned one, so re-applying only undoes an edit.
  return entry.template === ref.template ? 'harmless' : 'disruptive';
}
