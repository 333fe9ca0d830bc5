import type { Entry, PlanView, ReconcileState } from './state.ts';

/**
 * The state without entries that are a wanted object under another key: one that is served in two groups has one uid. What is
 * wanted is never deleted under its other name.
 */
export function withoutAliases(state: ReconcileState, { refs }: Pick<PlanView, 'refs'>): ReconcileState {
  const entries = Object.entries(state.inventory);
  const unwanted = entries.filter(([key]) => !(key in refs));
  if (unwanted.length === 0) return state;
  const uids = new Set(entries.flatMap(([key, { uid }]) => (key in refs && uid !== '' ? [uid] : [])));
  // A digest covers kind, name and namespace.
  const digests = new Set(Object.values(refs).map(({ digest }) => digest));
  const isAlias = ({ uid, digest }: Entry): boolean => uids.has(uid) || digests.has(digest);
  const kept = entries.filter(([key, entry]) => key in refs || !isAlias(entry));
  return kept.length === entries.length ? state : { ...state, inventory: Object.fromEntries(kept) };
}
