import { takesTurns } from '../plan/categories.ts';
import type { ObjectKey } from '../refs.ts';
import { changeOf } from './next-step.ts';
import type { PlanView, ReconcileState, Rollout } from './state.ts';
import { preciseTime } from './times.ts';

/** A plan that changes pods begins a rollout; one that changes them otherwise than the running one takes its place. */
export function beginRollout(state: ReconcileState, plan: PlanView, now: number): ReconcileState {
  const rolling = Object.values(plan.refs).filter(
    (ref) => takesTurns(ref.key) && ['new', 'disruptive'].includes(changeOf(ref, state.inventory[ref.key])),
  );
  if (rolling.length === 0 || state.rollout?.generation === plan.generation) return state;
  const passages = unfinishedPassages(state, plan);
  const isInstall = !Object.keys(state.inventory).some(takesTurns) || state.rollout?.trigger === 'Install';
  const startedAt = preciseTime(now);
  return {
    ...state,
    rollout: {
      trigger: isInstall && state.journal.length === 0 ? 'Install' : 'Change',
      generation: plan.generation,
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
