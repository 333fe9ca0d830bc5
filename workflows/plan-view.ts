import type { PlanAnswer, PlanRequest } from '../activities/index.ts';
import type { Hint } from '../core/hint.ts';
import type { ObjectKey } from '../core/refs.ts';
import { withoutAliases } from '../core/rollout/aliases.ts';
import { memoryOf } from '../core/rollout/course.ts';
import { foldRetry } from '../core/rollout/fold-plan.ts';
import { resumeRollout } from '../core/rollout/resume-rollout.ts';
import type { PlanView, ReconcileState } from '../core/rollout/state.ts';
import { foldUnwanted } from '../core/rollout/sent.ts';
import { fingerprintsOf, refOf } from '../core/rollout/state.ts';
import { readsOf } from '../core/rollout/reads.ts';
import { isListDue } from '../core/rollout/unread.ts';
import { contentsOf } from '../core/rollout/references.ts';
import { commandNews } from '../core/status/command-news.ts';
import { currentTime } from './clock.ts';

/** What a plan is asked for with: all that is known of the resource, so that the answer is what is new. */
export function requestOf(
  state: ReconcileState,
  version: string | undefined,
  hint: Hint,
): Omit<PlanRequest, 'resource'> {
  const { uid, generation, inventory, references, settling, written } = state;
  const contents = contentsOf(references);
  const reads = readsOf(state);
  return {
    ...(hint.resource ? { seen: hint.resource } : {}),
    ...(uid === undefined
      ? {}
      : { known: { uid, generation, ...(version ? { version } : {}) }, templates: templatesIn(state) }),
    ...(written ? { written } : {}),
    now: currentTime(),
    memory: memoryOf(state),
    inventory: fingerprintsOf(inventory),
    ...(Object.keys(contents).length === 0 ? {} : { contents }),
    ...(settling ? { settling } : {}),
    ...(Object.keys(reads).length === 0 ? {} : { reads }),
    ...(hint.resync || isListDue(state, currentTime()) ? { resync: true as const } : {}),
  };
}

/** Of workloads that are there, and of those that went in the middle of a rollout that had not come to them. */
function templatesIn({ inventory, lost }: ReconcileState): NonNullable<PlanRequest['templates']> {
  const running = Object.entries(inventory).flatMap(([key, { template }]) =>
    template ? [[key, template]] : [],
  );
  return { ...Object.fromEntries(running), ...lost };
}

/** The whole plan: what the answer says is new, and for the rest what the inventory knows. */
export function viewOf(
  answer: Extract<PlanAnswer, { kind: 'planned' }>,
  inventory: ReconcileState['inventory'],
): PlanView {
  const { kind: _, changed, removed, accepted: _1, acceptedInMs: _2, ...rest } = answer;
  const {
    recovered: _3,
    references: _4,
    settling: _12,
    interrupted: _5,
    remembered: _6,
    strays: _7,
    unlisted: _8,
    written: _9,
    overwritten: _10,
    reread: _11,
    ...view
  } = rest;
  const gone = new Set(removed);
  const known = Object.entries(inventory)
    .filter(([key]) => !gone.has(key))
    .map(([key, entry]) => [key, refOf(key, entry)]);
  return {
    ...view,
    refs: { ...Object.fromEntries(known), ...Object.fromEntries(changed.map((ref) => [ref.key, ref])) },
  };
}

/** What a workflow that knows nothing is given back, and nothing that is wanted under another key. */
export function withRemembered(
  state: ReconcileState,
  remembered: Extract<PlanAnswer, { kind: 'planned' }>['remembered'],
  plan: PlanView,
  now: number,
): ReconcileState {
  const known = withoutAliases(state, plan);
  if (!remembered) return known;
  const { memory, journal, rollout, conditions, told, commands, routine, reported, written } = remembered;
  const isTold = commands !== undefined && commands === plan.commands;
  const next: ReconcileState = {
    ...known,
    ...memory,
    journal,
    conditions,
    told: isTold ? { ...told, commands: commandNews(told, plan.orders, now).commands } : told,
    ...(routine === undefined ? {} : { routine: { nextAt: now, answer: routine } }),
    ...(reported === undefined ? {} : { reported }),
    written,
  };
  return rollout ? resumeRollout(next, plan, rollout) : next;
}

/** What could not be applied no longer matters; what cannot be removed does. */
export function foldDeleting(
  state: ReconcileState,
  answer: Extract<PlanAnswer, { kind: 'deleting' }>,
  isKnown: boolean,
): ReconcileState {
  const { generation, places } = answer;
  const refusals = isKnown ? state.refusals : {};
  const known = foldUnwanted(state, {});
  return foldRetry({ ...known, refusals, generation, inventory: placed(known.inventory, places) }, answer);
}

/** Objects at the stages in which they are taken down. */
function placed(
  inventory: ReconcileState['inventory'],
  places: Readonly<Record<ObjectKey, number>>,
): ReconcileState['inventory'] {
  return Object.fromEntries(
    Object.entries(inventory).map(([key, entry]) => [
      key,
      key in places ? { ...entry, stage: places[key] ?? 0 } : entry,
    ]),
  );
}
