import { takesTurns } from '../plan/categories.ts';
import type { PlannedRef } from '../plan/digests.ts';
import type { ObjectKey } from '../refs.ts';
import { changeOf } from './change.ts';
import { isInTurn } from './reshape.ts';
import type { Trigger } from './rules.ts';
import { growsFirst } from './scaling.ts';
import type { Entry, PlanView, ReconcileState, Rollout } from './state.ts';
import { preciseTime } from './times.ts';

/**
 * A plan that changes pods begins a rollout; one that changes them otherwise than the running one takes its place. What somebody
 * deleted is made again, and begins none.
 */
export function beginRollout(state: ReconcileState, plan: PlanView, now: number): ReconcileState {
  const canaries = canariesIn(state, plan);
  const rolling = Object.values(plan.refs).filter(
    (ref) =>
      takesTurns(ref.key) &&
      (ref.key in canaries ||
        isInTurn(ref.key, state) ||
        ['new', 'disruptive'].includes(changeOf(ref, state.inventory[ref.key]))),
  );
  if (rolling.length === 0 || state.rollout?.to === plan.digest) return state;
  const isMissing = ({ key }: PlannedRef): boolean => !(key in state.inventory) && !isInTurn(key, state);
  // What was too large to be kept is nothing to go back to, and was rolled out all the same.
  const last = state.good?.digest === plan.digest || state.journal[0]?.to === plan.digest;
  if (!state.rollout && last && rolling.every(isMissing)) return state;
  const passages = { ...canaries, ...unfinishedPassages(state, plan) };
  const startedAt = preciseTime(now);
  return {
    ...state,
    rollout: {
      trigger: triggerOf(state, plan, rolling),
      generation: plan.generation,
      ...(state.good ? { from: state.good.digest } : {}),
      to: plan.digest,
      startedAt,
      stages: {
        ...stagesOf(Object.keys(passages), plan, { startedAt }),
        ...stagesOf(
          rolling.map(({ key }) => key),
          plan,
          {},
        ),
      },
      passages,
    },
  };
}

function triggerOf(
  { inventory, rollout, journal, good }: ReconcileState,
  plan: PlanView,
  rolling: readonly PlannedRef[],
): Trigger {
  if (plan.course?.kind === 'rolledBack') return 'Rollback';
  // Pods that run are protected by approvals, windows and canaries also while the install is not complete.
  const disrupts = rolling.some(({ key }) => key in inventory);
  const isFirst = !Object.keys(inventory).some(takesTurns) || (rollout?.trigger === 'Install' && !disrupts);
  if (isFirst && journal.length === 0) return 'Install';
  const { newest } = plan;
  if (!good || !newest || good.generation !== newest.generation) return 'Change';
  if (good.input.restarts !== newest.input.restarts) return 'Restart';
  const isSame = good.input.key !== newest.input.key || good.input.digest === newest.input.digest;
  return isSame ? 'Runtime' : 'Configuration';
}

/** The stages of what is about to be applied have begun. */
export function beginStages(
  state: ReconcileState,
  plan: PlanView,
  keys: readonly ObjectKey[],
  now: number,
): ReconcileState {
  const { rollout, inventory } = state;
  if (!rollout) return state;
  const replaces = (ref: PlannedRef): boolean =>
    isInTurn(ref.key, state) || replacesPods(ref, inventory[ref.key]);
  const begun = keys.flatMap((key) => {
    const ref = plan.refs[key];
    const stage = ref?.stage;
    if (!ref || stage === undefined || !replaces(ref)) return [];
    const known = rollout.stages[stage];
    return known && !known.startedAt ? [stage] : [];
  });
  const startedAt = preciseTime(now);
  const stages = { ...rollout.stages, ...Object.fromEntries(begun.map((stage) => [stage, { startedAt }])) };
  return begun.length > 0 ? { ...state, rollout: { ...rollout, stages } } : state;
}

function replacesPods(ref: PlannedRef, entry: Entry | undefined): boolean {
  const change = changeOf(ref, entry);
  return change === 'new' || (change === 'disruptive' && !growsFirst(ref, entry, change));
}

/** Of which only the first few pods have changed, whoever did that: the gate is asked before the others follow. */
function canariesIn({ inventory }: ReconcileState, { refs }: PlanView): Rollout['passages'] {
  const found = Object.values(refs).filter(
    ({ key, template }) => inventory[key]?.partial && inventory[key].template === template,
  );
  return Object.fromEntries(found.map(({ key }) => [key, { applied: true, canary: 'rolling' }]));
}

/** A newer plan does not let pass what a gate still holds. */
function unfinishedPassages({ rollout, inventory }: ReconcileState, plan: PlanView): Rollout['passages'] {
  return Object.fromEntries(
    Object.entries(rollout?.passages ?? {}).filter(([key, passage]) => {
      const ref = plan.refs[key];
      if (!ref || !passage.applied || changeOf(ref, inventory[key]) === 'disruptive') return false;
      return (ref.gate && passage.gate !== 'open') || (ref.after && !passage.after);
    }),
  );
}

function stagesOf(
  keys: readonly ObjectKey[],
  plan: PlanView,
  value: Rollout['stages'][number],
): Rollout['stages'] {
  const stages = keys.map((key) => plan.refs[key]?.stage).filter((stage) => stage !== undefined);
  return Object.fromEntries(stages.map((stage) => [stage, value]));
}
