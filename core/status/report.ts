/** What the world is told: conditions and status. Pure functions of plan and state. */
import { inventoryFingerprint } from '../fields.ts';
import { isExternal, takesTurns } from '../plan/categories.ts';
import type { Course } from '../rollout/course.ts';
import { memoryOf } from '../rollout/course.ts';
import { reportRollout } from '../rollout/fold-progress.ts';
import { pauseLine, pausesAt } from '../rollout/hold.ts';
import { readsOf } from '../rollout/reads.ts';
import { scalingOf } from '../rollout/scaling.ts';
import { heldByOthers } from '../rollout/refusal.ts';
import type { PlanView, ReconcileState } from '../rollout/state.ts';
import { rfc3339 } from '../rollout/times.ts';
import type { ObjectKey } from '../refs.ts';
import { kindName, parseObjectKey } from '../refs.ts';
import type { NextCondition } from './conditions.ts';
import { pendingApprovals } from './pending-approvals.ts';
import type {
  Condition,
  InventoryStatus,
  PastRollout,
  ReferenceStatus,
  ResourceStatus,
  RolloutReport,
  TerminatingStatus,
} from './resource-status.ts';
import type { Situation, Verdict } from './verdict.ts';
import { quarantineLine } from './verdict.ts';

/** What each phase says of Ready, Reconciling and Stalled, which kstatus, Flux, Helm and `kubectl wait` read, and of Progressing. */
const SAID = {
  Ready: ['True', 'False', 'False', 'False'],
  Progressing: ['Unknown', 'True', 'False', 'True'],
  Held: ['Unknown', 'True', 'False', 'False'],
  Degraded: ['False', 'True', 'False', 'False'],
  Stalled: ['False', 'False', 'True', 'False'],
  Deleting: ['False', 'True', 'False', 'True'],
} as const satisfies Record<Verdict['phase'], readonly Condition['status'][]>;

export function conditionsOf(
  { phase, reason, message }: Verdict,
  observedGeneration: number,
): NextCondition[] {
  const [ready, reconciling, stalled, progressing] = SAID[phase];
  const say = (type: string, status: Condition['status'], why: string = reason): NextCondition => ({
    type,
    status,
    observedGeneration,
    reason: why,
    message,
  });
  const rested = phase === 'Stalled' ? 'Halted' : phase === 'Held' ? reason : 'RolloutComplete';
  return [
    say('Ready', ready),
    say('Reconciling', reconciling),
    say('Stalled', stalled),
    say('Progressing', progressing, progressing === 'True' ? reason : rested),
  ];
}

/** Conditions that are there only while they are True, beside those that every reader knows. */
export function marksOf(
  { state, plan }: Situation,
  { phase, message }: Verdict,
  observedGeneration: number,
  now: number,
): NextCondition[] {
  const course = plan?.course;
  const pauses = pausesAt(plan?.orders, now);
  const fails = Object.values(state.inventory).some(({ health }) => health === 'Failed');
  const say = (type: string, reason: string, why: string | undefined): NextCondition => ({
    type,
    status: why === undefined ? 'False' : 'True',
    observedGeneration,
    reason,
    message: why ?? '',
  });
  const isDegraded = phase === 'Degraded' || (phase === 'Stalled' && fails) || course?.kind === 'rolledBack';
  return [
    say(
      'Degraded',
      course?.kind === 'rolledBack' ? 'RolledBack' : 'Unhealthy',
      isDegraded ? message : undefined,
    ),
    say('Paused', 'Paused', pauses.length > 0 ? pauses.map(pauseLine).join('; ') : undefined),
    say('OrderUnclear', 'OrderUnclear', plan?.orderTrouble),
    say('Quarantined', 'RolledBack', course?.kind === 'rolledBack' ? quarantineLine(course) : undefined),
    say(
      'RuntimeUpdatePending',
      'RuntimeUpdatePending',
      course?.kind === 'held' ? heldLine(course) : undefined,
    ),
  ];
}

function heldLine({ token, opens, rekeyed }: Extract<Course, { kind: 'held' }>): string {
  const when = opens === undefined ? '' : `, the next maintenance window (${rfc3339(opens)})`;
  if (rekeyed)
    return `the key of digests was moved or lost, so that Secrets have other names, which would restart pods; put the former key back, or approve (token ${token})${when}`;
  return `the operator now builds this resource otherwise, which would restart pods; waits for an approval (token ${token})${when} or the next change of the spec`;
}

/** All of the status but the conditions' times. */
export function statusOf(
  situation: Situation,
  conditions: readonly Condition[],
  home: string | undefined,
): ResourceStatus {
  const { state, plan } = situation;
  const workloads = Object.entries(state.inventory).filter(([key]) => takesTurns(key));
  const wanted = plan ? Object.keys(plan.refs).filter(takesTurns).length : workloads.length;
  const serving = workloads.filter(([key, entry]) => serves(key, entry, plan)).length;
  const updated = workloads.filter(([key, entry]) => isUpdated(key, entry, plan)).length;
  const running = state.rollout && plan ? reportRollout(state.rollout, plan) : undefined;
  const rollout = running ?? state.journal[0];
  const past = running ? state.journal : state.journal.slice(1);
  const terminating = terminatingStatus(situation);
  return {
    observedGeneration: situation.failure?.generation ?? state.generation,
    conditions,
    ready: `${serving}/${wanted}`,
    updated: `${updated}/${wanted}`,
    stage: stageOf(situation),
    ...(rollout ? { rollout: { ...rollout, ...waitsOf(situation) } } : {}),
    ...(past.length > 0 ? { history: past.map(pastOf) } : {}),
    ...(state.good || state.quarantine ? { memory: memoryOf(state) } : {}),
    ...(state.routine?.answer === undefined ? {} : { routine: state.routine.answer }),
    inventory: inventoryStatus(state, home, plan),
    ...referencesStatus(state),
    ...(terminating.length > 0 ? { terminating } : {}),
  };
}

/** In the place of a key. */
const RESOURCE_ITSELF = 'the resource itself';
/** So many say what is the matter, and a status stays small. */
const MOST_TERMINATING = 20;

function terminatingStatus({ state, terminating }: Situation): TerminatingStatus[] {
  const objects = Object.entries(state.unhealthy).flatMap(([object, { finalizers, since }]) =>
    finalizers ? [{ object, finalizers, since }] : [],
  );
  return [...(terminating ? [{ object: RESOURCE_ITSELF, ...terminating }] : []), ...objects]
    .sort((a, b) => (a.since < b.since ? -1 : 1))
    .slice(0, MOST_TERMINATING);
}

function referencesStatus(state: ReconcileState): Pick<ResourceStatus, 'references'> {
  const words = new Map([
    ...Object.entries(readsOf(state)),
    ...Object.entries(state.references ?? {}).map(([object, { seen }]) => [object, seen] as const),
    ...heldByOthers(state),
  ]);
  if (words.size === 0) return {};
  const references = Array.from(words, ([object, seen]): ReferenceStatus => ({ object, seen }));
  return { references: references.sort((a, b) => (a.object < b.object ? -1 : 1)) };
}

/** Whom and what a rollout waits for. */
function waitsOf(situation: Situation): Pick<RolloutReport, 'pendingApprovals' | 'nextWindow'> {
  const { step, plan } = situation;
  const hold = step?.kind === 'wait' ? step.hold : undefined;
  const held = plan?.course?.kind === 'held' ? plan.course : undefined;
  const pending = pendingApprovals(situation);
  const opens = hold?.reason === 'WindowClosed' ? hold.until : held?.opens;
  return {
    ...(pending.length > 0 ? { pendingApprovals: pending } : {}),
    ...(opens === undefined ? {} : { nextWindow: rfc3339(opens) }),
  };
}

function pastOf({ stages: _1, pendingApprovals: _2, nextWindow: _3, ...past }: RolloutReport): PastRollout {
  return past;
}

/** Wanted, and Current as it is: also where a change of it waits, or is refused. */
function serves(
  key: ObjectKey,
  { health, leaving }: ReconcileState['inventory'][string],
  plan: PlanView | undefined,
): boolean {
  return health === undefined && !leaving && (!plan || key in plan.refs);
}

function isUpdated(
  key: ObjectKey,
  entry: ReconcileState['inventory'][string],
  plan: PlanView | undefined,
): boolean {
  if (entry.health !== undefined || entry.leaving) return false;
  const ref = plan?.refs[key];
  return !plan || (entry.digest === ref?.digest && scalingOf(ref, entry) === 'none');
}

/** The stage that is being rolled, as the printer column and the search attribute show it. */
export function stageOf({ state, plan }: Situation): string {
  const rolling = Object.entries(state.rollout?.stages ?? {}).find(
    ([, { startedAt, finishedAt }]) => startedAt && !finishedAt,
  );
  return (rolling && plan?.stages[Number(rolling[0])]) ?? '-';
}

export function inventoryStatus(
  state: ReconcileState,
  home: string | undefined,
  plan?: PlanView,
): InventoryStatus {
  const entries = Object.entries(state.inventory);
  const { sent = [] } = state;
  const keys = new Set([...entries.map(([key]) => key), ...sent, ...Object.keys(plan?.refs ?? {})]);
  const inCluster = entries.filter(([key, { ending }]) => !isExternal(key) && ending !== 'expired');
  return {
    objects: entries.length,
    kinds: kindsOf(keys, home),
    ...elsewhereOf(keys),
    ...externalsOf(state, plan),
    ...(plan?.commands ? { commands: plan.commands } : {}),
    fingerprint: inventoryFingerprint(
      inCluster.map(([key, { uid, fields, scale }]) => ({ key, uid, fields, scale })),
    ),
  };
}

/** The kinds to watch. */
export function kindsOf(keys: Iterable<ObjectKey>, home: string | undefined): readonly string[] {
  const inCluster = [...keys].filter((key) => !isExternal(key));
  return [...new Set(inCluster.map((key) => kindName(parseObjectKey(key, home))))].sort();
}

/** Those of which an object is in another namespace. @param before those of the plan before, of which objects may be left. */
export function elsewhereOf(
  keys: Iterable<ObjectKey>,
  before: readonly string[] = [],
): Pick<InventoryStatus, 'elsewhere'> {
  const inCluster = [...keys].filter((key) => !isExternal(key));
  const kinds = inCluster.map((key) => key.split('/')).filter(({ length }) => length > 2);
  const elsewhere = [...new Set([...before, ...kinds.flatMap(([kind]) => kind ?? [])])].sort();
  return elsewhere.length > 0 ? { elsewhere } : {};
}

/** What lives behind an API, by key: what may be there, how it got there, and what is wanted and not there. */
function externalsOf(
  { inventory }: ReconcileState,
  plan: PlanView | undefined,
): Pick<InventoryStatus, 'externals' | 'adopted' | 'unconfirmed' | 'wanted'> {
  const all = Object.entries(inventory).filter(([key]) => isExternal(key));
  const those = (holds: (entry: ReconcileState['inventory'][string]) => boolean): readonly ObjectKey[] =>
    all.flatMap(([key, entry]) => (holds(entry) ? [key] : [])).sort();
  return withoutEmpty({
    externals: those(() => true),
    adopted: those(({ origin }) => origin === 'adopted'),
    unconfirmed: those(({ unconfirmed }) => unconfirmed === true),
    wanted: wantedOf(Object.keys(plan?.refs ?? {}), Object.keys(inventory)),
  });
}

/** Of planned objects, the external ones that a resource does not have. */
export function wantedOf(planned: readonly ObjectKey[], had: readonly ObjectKey[]): readonly ObjectKey[] {
  const known = new Set(had);
  return planned.filter((key) => isExternal(key) && !known.has(key)).sort();
}

function withoutEmpty<Lists extends Readonly<Record<string, readonly ObjectKey[]>>>(
  lists: Lists,
): Partial<Lists> {
  const entries = Object.entries(lists).filter(([, keys]) => keys.length > 0);
  return Object.fromEntries(entries) as Partial<Lists>;
}
