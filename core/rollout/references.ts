/** What a resource needs of objects that are not its own, and who waits for it. */
import type { Contents, PlannedRef } from '../plan/digests.ts';
import { titleOf } from '../plan/categories.ts';
import { OUR_REASONS } from '../reasons.ts';
import type { ObjectKey } from '../refs.ts';
import type { Settling } from './quiet-time.ts';
import type { PlanView, ReconcileState, Reference, Trouble } from './state.ts';
import { rfc3339 } from './times.ts';

/** What a plan saw of an object of somebody else. */
export interface SeenReference {
  readonly seen: string;
  readonly digest?: string;
  /** Why what requires it cannot be applied; absent when it can. */
  readonly trouble?: Pick<Trouble, 'reason' | 'message'>;
}

/** Takes up what the newest plan saw; a trouble that stays the same keeps its time. */
export function foldReferences(
  state: ReconcileState,
  seen: Readonly<Record<ObjectKey, SeenReference>>,
  now: number,
  settling?: Settling,
): ReconcileState {
  const { references: before, settling: _, ...known } = state;
  const rest = settling ? { ...known, settling } : known;
  const references = Object.entries(seen).map(([key, { trouble, ...sight }]): [ObjectKey, Reference] => {
    const last = before?.[key];
    // The status says what was taken up, so that a storm of changes is no storm of writes.
    if (last && settling?.keys.includes(key)) return [key, last];
    const known = last?.trouble;
    const since = known?.reason === trouble?.reason ? known?.since : undefined;
    return [key, { ...sight, ...(trouble ? { trouble: { ...trouble, since: since ?? rfc3339(now) } } : {}) }];
  });
  return references.length > 0 ? { ...rest, references: Object.fromEntries(references) } : rest;
}

/** The digests of what pods read of others, as last seen. */
export function contentsOf(references: Readonly<Record<ObjectKey, SeenReference>> = {}): Contents {
  const known = Object.entries(references).flatMap(([key, { digest }]) => (digest ? [[key, digest]] : []));
  return Object.fromEntries(known);
}

/** Whether something that the object needs is not ready, so that it is left as it is: itself, or what it uses. */
export function isHeld(ref: PlannedRef, plan: PlanView, state: ReconcileState): boolean {
  return holdOf(ref.key, plan, state) !== undefined;
}

/** Why an object is left as it is; undefined when nothing keeps it from being applied. */
export function holdOf(key: ObjectKey, plan: PlanView, state: ReconcileState): Trouble | undefined {
  const known = holdsUnder(plan, state);
  // What several objects use is asked once: without that, each further level of shared uses doubles the questions.
  if (!known.has(key)) known.set(key, findHold(key, plan, state));
  return known.get(key);
}

function findHold(key: ObjectKey, plan: PlanView, state: ReconcileState): Trouble | undefined {
  const ref = plan.refs[key];
  if (!ref) return undefined;
  const trouble = troubleOf(ref, state);
  const isApplied = state.inventory[key]?.digest === ref.digest;
  // What is there already needs another resource's readiness no longer.
  if (trouble && !(isApplied && isAboutReadiness(trouble))) return trouble;
  if (isApplied) return undefined;
  return firstOf(ref.uses ?? [], (used) => holdOf(used, plan, state));
}

/** Answers about one plan and one state, neither of which ever changes. */
const HOLDS = new WeakMap<PlanView, WeakMap<ReconcileState, Map<ObjectKey, Trouble | undefined>>>();

function holdsUnder(plan: PlanView, state: ReconcileState): Map<ObjectKey, Trouble | undefined> {
  const byState = HOLDS.get(plan) ?? new WeakMap<ReconcileState, Map<ObjectKey, Trouble | undefined>>();
  HOLDS.set(plan, byState);
  const known = byState.get(state) ?? new Map<ObjectKey, Trouble | undefined>();
  byState.set(state, known);
  return known;
}

function isAboutReadiness({ reason }: Trouble): boolean {
  return reason === OUR_REASONS.DependencyNotReady || reason === OUR_REASONS.DependencyCircle;
}

/** The first thing that an object requires and that is not ready. */
function troubleOf({ requires = [] }: PlannedRef, { references }: ReconcileState): Trouble | undefined {
  return firstOf(requires, (key) => {
    const trouble = references?.[key]?.trouble;
    if (trouble?.reason !== OUR_REASONS.DependencyNotReady) return trouble;
    return {
      ...trouble,
      message: `waits since ${trouble.since} for ${titleOf(key)}, which ${trouble.message}`,
    };
  });
}

function firstOf<Item, Found>(
  items: readonly Item[],
  find: (item: Item) => Found | undefined,
): Found | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
