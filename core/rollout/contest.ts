/**
 * A contest: another controller and we each put a field back, for ever. Left alone, it is a loop that writes as fast as the API
 * server answers. So what is taken again and again is told, and put back slowly, until one of the two gives in.
 */
import { OUR_REASONS } from '../reasons.ts';
import type { ObjectKey } from '../refs.ts';
import type { Contest, ReconcileState, Refusal } from './state.ts';
import { rfc3339 } from './times.ts';

/** This many times in a row are a hand that errs; one more is a contest. */
export const MOST_TAKES = 5;
/** One time in so long is forgotten; so is one retry, which keeps a contest that goes on at one write in this time. */
export const TAKE_FORGOTTEN_MS = 300_000;

/**
 * Records that fields of ours were taken from an object that was as applied.
 *
 * @param digest of what was applied, and is to be put back.
 */
export function foldTaken(
  state: ReconcileState,
  key: ObjectKey,
  { digest, takers = [] }: { readonly digest: string; readonly takers?: readonly string[] },
  now: number,
): ReconcileState {
  const before = state.contests?.[key];
  const left = before ? Math.max(0, before.takes - (now - before.at) / TAKE_FORGOTTEN_MS) : 0;
  const contest: Contest = { takes: left + 1, at: now };
  const contests = { ...state.contests, [key]: contest };
  if (contest.takes <= MOST_TAKES) return { ...state, contests };
  const who = takers.length > 0 ? takers.join(', ') : 'somebody';
  const refusal: Refusal = {
    digest,
    reason: OUR_REASONS.FieldFight,
    message: `${who} changes again and again what is applied here (see it with kubectl get --show-managed-fields): let one of the two leave the field alone; meanwhile it is put back once in ${TAKE_FORGOTTEN_MS / 60_000} minutes`,
    since: rfc3339(now),
    attempts: Math.floor(contest.takes),
    retryAt: now + TAKE_FORGOTTEN_MS,
  };
  return { ...state, contests, refusals: { ...state.refusals, [key]: refusal } };
}

/** What is forgotten by now, or about objects that are no more, is no contest any more. */
export function currentContests(
  { contests = {}, inventory }: ReconcileState,
  now: number,
): NonNullable<ReconcileState['contests']> {
  return Object.fromEntries(
    Object.entries(contests).filter(
      ([key, { takes, at }]) => key in inventory && now - at < takes * TAKE_FORGOTTEN_MS,
    ),
  );
}

/** A person who changes the resource has acted: what was fought for is put back at once again. */
export function withoutFights(refusals: ReconcileState['refusals']): ReconcileState['refusals'] {
  return Object.fromEntries(
    Object.entries(refusals).filter(([, { reason }]) => reason !== OUR_REASONS.FieldFight),
  );
}
