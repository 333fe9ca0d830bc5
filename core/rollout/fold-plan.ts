/** How a plan changes what is known: what it takes up, what it makes of good and bad plans, and when it is carried out. */
import type { Orders } from '../commands/orders.ts';
import { isConfiguration, isWorkload } from '../plan/categories.ts';
import type { ObjectKey } from '../refs.ts';
import { beginRollout } from './begin-rollout.ts';
import { reshapingPlanned } from './reshape.ts';
import { currentContests, withoutFights } from './contest.ts';
import { unableOf } from './course.ts';
import { renamesIn } from './renamed.ts';
import { scalePlanned } from './scaling.ts';
import { foldUnwanted } from './sent.ts';
import type { Entry, Passage, PlanView, ReconcileState } from './state.ts';
import { goodOf, placeOf } from './state.ts';
import { rfc3339 } from './times.ts';

/** Takes up a plan: another resource under the same name starts anew; places in the order follow the plan. */
export function foldPlanned(known: ReconcileState, plan: PlanView, now: number): ReconcileState {
  const state = foldUnwanted(known, plan.refs);
  const isNewer = plan.generation > state.generation;
  const inventory = Object.fromEntries(
    Object.entries(state.inventory).map(([key, entry]) => {
      const ref = plan.refs[key];
      if (!ref) return [key, entry];
      return [
        key,
        {
          ...withoutPlace(entry),
          ...placeOf(ref),
          ...scalePlanned(entry, ref, isNewer),
          ...appliedReads(key, entry),
        },
      ];
    }),
  );
  // What was refused, and is no longer asked for, is no trouble any more.
  const refusals = Object.fromEntries(
    Object.entries(isNewer ? withoutFights(state.refusals) : state.refusals).filter(
      ([key, { digest, renames }]) => plan.refs[key]?.digest === digest && !renames,
    ),
  );
  const unhealthy = Object.fromEntries(
    Object.entries(state.unhealthy).filter(([key]) => key in state.inventory),
  );
  // A look tells whether what was asked of people is granted.
  const asked = Object.entries(refusals).map(([key, refusal]) => [
    key,
    refusal.token === undefined ? refusal : { ...refusal, retryAt: now },
  ]);
  const contests = state.contests ? { contests: isNewer ? {} : currentContests(state, now) } : {};
  const { reshaping: _, ...rest } = remember(state, plan, now);
  const remembered = { ...rest, ...contests, ...reshapingPlanned(state, plan) };
  return beginRollout(
    {
      ...remembered,
      generation: plan.generation,
      inventory,
      refusals: { ...Object.fromEntries(asked), ...renamesIn(plan, state, now) },
      unhealthy,
    },
    plan,
    now,
  );
}

/** What the course says of good and bad plans; the plan decides whether a quarantine holds. */
function remember(before: ReconcileState, { course, restarts }: PlanView, now: number): ReconcileState {
  const state = restarts ? { ...before, restarts } : before;
  const { quarantine: _, ...free } = state;
  if (course?.kind !== 'rolledBack') return unableOf(course) === undefined ? free : state;
  const { good } = course;
  const since = course.quarantine.since || rfc3339(now);
  return { ...free, good, quarantine: { ...course.quarantine, since } };
}

/** Somebody asked that what is waited for be tried at once. */
export function foldRetry(state: ReconcileState, orders: Pick<Orders, 'retry'> | undefined): ReconcileState {
  const token = orders?.retry?.token;
  if (token === undefined || token === state.retried) return state;
  const refusals = Object.fromEntries(
    Object.entries(state.refusals).map(([key, refusal]) => [key, { ...refusal, retryAt: 0, attempts: 0 }]),
  );
  const passages = Object.entries(state.rollout?.passages ?? {}).map(([key, passage]): [string, Passage] => {
    const { gate } = passage;
    return [
      key,
      gate && gate !== 'open' ? { ...passage, gate: { ...gate, attempts: 0, askAgainAt: 0 } } : passage,
    ];
  });
  const rollout = state.rollout && { ...state.rollout, passages: Object.fromEntries(passages) };
  const cleanup = state.cleanup && { ...state.cleanup, attempts: 0, retryAt: 0 };
  return {
    ...state,
    retried: token,
    refusals,
    ...(rollout ? { rollout } : {}),
    ...(cleanup ? { cleanup } : {}),
  };
}

/** Records that all that is wanted is there and well: this is what a rollback goes back to. */
export function foldSettled(state: ReconcileState, plan: PlanView): ReconcileState {
  const good = goodOf(plan);
  if (!good || (state.good?.digest === good.digest && state.good.generation === good.generation))
    return state;
  // The same set under a newer generation takes the place of the older.
  const before = state.good?.digest === good.digest ? state.previous : state.good;
  return { ...state, good, ...(before ? { previous: before } : {}) };
}

/** What is known of an object beside its place in a plan. */
export function withoutPlace(entry: Entry): Entry {
  const { replicas: _1, yields: _2, role: _3, stage: _4, retain: _5, uses: _6, ...others } = entry;
  const { requires: _0, gate: _7, before: _8, after: _9, keepsPods: _10, canary: _11, ...more } = others;
  const { uncollected: _12, ...rest } = more;
  return rest;
}

/** What its pods read where that was not recorded: what it was applied with, before a newer plan says otherwise. */
function appliedReads(key: ObjectKey, { reads, uses }: Entry): Pick<Entry, 'reads'> {
  return isWorkload(key) ? { reads: reads ?? uses?.filter(isConfiguration) ?? [] } : {};
}
