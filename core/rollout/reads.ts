/**
 * What operator code read before it ended in trouble: a Secret that is not there, a resource that is not ready. The bridge watches
 * it, and a change ends the pause before the next attempt.
 */
import type { ObjectKey } from '../refs.ts';
import type { GateAnswer, Passage, ReconcileState, Trouble } from './state.ts';

/** What was seen of each object, in the words of `seenOf`. */
export type Reads = Readonly<Record<ObjectKey, string>>;

/** All that is read by operator code that is in trouble now. */
export function readsOf(state: ReconcileState): Reads {
  const gates = Object.values(state.rollout?.passages ?? {}).flatMap(({ gate }) =>
    gate && gate !== 'open' ? [gate] : [],
  );
  const routine = state.routine?.trouble ? [state.routine.trouble] : [];
  const troubles = [
    ...Object.values(state.refusals),
    ...Object.values(state.unhealthy),
    ...gates,
    ...routine,
  ];
  return Object.assign({}, ...troubles.map(({ read }) => read));
}

/** The objects that are to be looked at since what their functions read has changed. */
export function rereadObjects({ unhealthy }: ReconcileState, changed: Reads): readonly ObjectKey[] {
  return Object.keys(unhealthy).filter((key) => isConcerned(unhealthy[key], changed));
}

/** Whoever waits, and read what is another now, is asked at once. */
export function foldReread(state: ReconcileState, changed: Reads, now: number): ReconcileState {
  const refusals = mapped(state.refusals, changed, (each) => ({ ...each, retryAt: now, attempts: 0 }));
  const unhealthy = mapped(state.unhealthy, changed, (each) => each);
  const next = { ...state, refusals, unhealthy, ...rereadRoutine(state, changed, now) };
  if (!state.rollout) return next;
  const passages = Object.entries(state.rollout.passages).map(([key, passage]): [ObjectKey, Passage] => {
    const { gate } = passage;
    if (!gate || gate === 'open' || !isConcerned(gate, changed)) return [key, passage];
    return [key, { ...passage, gate: { ...reread(gate, changed), attempts: 0, askAgainAt: now } }];
  });
  return { ...next, rollout: { ...state.rollout, passages: Object.fromEntries(passages) } };
}

function rereadRoutine(
  { routine }: ReconcileState,
  changed: Reads,
  now: number,
): Pick<ReconcileState, 'routine'> {
  if (!routine?.trouble || !isConcerned(routine.trouble, changed)) return {};
  return { routine: { ...routine, nextAt: now, trouble: reread(routine.trouble, changed) } };
}

type Reader = Pick<Trouble | GateAnswer, 'read'>;

function isConcerned(reader: Reader | undefined, changed: Reads): boolean {
  return Object.keys(reader?.read ?? {}).some((key) => key in changed);
}

function reread<Each extends Reader>(reader: Each, changed: Reads): Each {
  const read = Object.entries(reader.read ?? {}).map(([key, word]) => [key, changed[key] ?? word]);
  return { ...reader, read: Object.fromEntries(read) };
}

function mapped<Each extends Reader>(
  record: Readonly<Record<ObjectKey, Each>>,
  changed: Reads,
  change: (each: Each) => Each,
): Readonly<Record<ObjectKey, Each>> {
  const entries = Object.entries(record).map(([key, each]) => [
    key,
    isConcerned(each, changed) ? change(reread(each, changed)) : each,
  ]);
  return Object.fromEntries(entries) as Readonly<Record<ObjectKey, Each>>;
}
