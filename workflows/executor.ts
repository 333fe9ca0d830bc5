import type { ApplyItem, PlanRef, PruneOutcome } from '../activities/index.ts';
import type { Category } from '../core/plan/categories.ts';
import { categoryOf, titleOf } from '../core/plan/categories.ts';
import type { ObjectKey, ResourceRef } from '../core/refs.ts';
import type { ApplyResult } from '../core/rollout/fold.ts';
import { foldApplied, foldGate, foldPassage, foldPruned } from '../core/rollout/fold.ts';
import type { Step } from '../core/rollout/next-step.ts';
import type { PlanView, ReconcileState } from '../core/rollout/state.ts';
import { author, write } from './activities.ts';
import { failureOf, isPlanStale } from './failures.ts';

const APPLY = {
  ConfigMaps: 'applyConfigMaps',
  Storage: 'applyStorage',
  Services: 'applyServices',
  NetworkPolicies: 'applyNetworkPolicies',
  Objects: 'applyObjects',
  Workloads: 'applyWorkloads',
} as const satisfies Record<Category, string>;

/** Carries out one step, and answers with what is known afterwards. */
export class Executor {
  readonly #resource: ResourceRef;

  constructor(resource: ResourceRef) {
    this.#resource = resource;
  }

  async execute(
    step: Exclude<Step, { kind: 'wait' }>,
    plan: PlanView,
    state: ReconcileState,
    editors: ReadonlyMap<ObjectKey, readonly string[]>,
  ): Promise<ReconcileState> {
    const ref: PlanRef = { resource: this.#resource, uid: plan.uid, generation: plan.generation };
    switch (step.kind) {
      case 'apply': {
        const items = step.keys.map((key) => itemOf(key, plan, state, editors.get(key)));
        return foldApplied(state, plan, await this.#apply(ref, items, plan), Date.now());
      }
      case 'prune':
        return foldPruned(state, await this.#prune(step.keys, state));
      case 'gate': {
        const summary = `${titleOf(step.key)}: gate ${step.gate}`;
        return foldGate(state, step.key, await write(summary).checkGate(ref, step.key), Date.now());
      }
      case 'hook':
        return this.#hook(step, ref, plan, state);
    }
  }

  /** One activity per category, side by side. */
  async #apply(ref: PlanRef, items: readonly ApplyItem[], plan: PlanView): Promise<readonly ApplyResult[]> {
    const groups = Map.groupBy(items, ({ key }) => categoryOf(key));
    const results = await Promise.all(
      Array.from(groups, ([category, group]) => write(summaryOf(group, plan))[APPLY[category]](ref, group)),
    );
    return results.flat();
  }

  #prune(keys: readonly ObjectKey[], { inventory }: ReconcileState): Promise<readonly PruneOutcome[]> {
    const items = keys.map((key) => ({
      key,
      uid: inventory[key]?.uid ?? '',
      ...(inventory[key]?.retain ? { retain: true as const } : {}),
    }));
    return write(`no longer desired: ${keys.map(titleOf).join(', ')}`).pruneObjects(this.#resource, items);
  }

  async #hook(
    { key, when, hook }: Extract<Step, { kind: 'hook' }>,
    ref: PlanRef,
    plan: PlanView,
    state: ReconcileState,
  ): Promise<ReconcileState> {
    try {
      await author(`${titleOf(key)}: ${when} hook ${hook}`).runHook(ref, key, when);
      return foldPassage(state, key, { [when]: true });
    } catch (error) {
      if (isPlanStale(error)) throw error;
      const { reason, message } = failureOf(error, plan.generation);
      return foldApplied(state, plan, [{ key, applied: false, reason, message }], Date.now());
    }
  }
}

function itemOf(
  key: ObjectKey,
  plan: PlanView,
  state: ReconcileState,
  editors?: readonly string[],
): ApplyItem {
  const hasDrifted = state.inventory[key]?.digest === '';
  return {
    key,
    digest: plan.refs[key]?.digest ?? '',
    cause: hasDrifted ? 'drift' : 'plan',
    ...(hasDrifted && editors ? { editors } : {}),
  };
}

/** `broker: StatefulSet p1-broker, digest 3fa9…`; of many objects, how many. */
function summaryOf(items: readonly ApplyItem[], plan: PlanView): string {
  const [first] = items;
  if (!first || items.length > 3)
    return items
      .map(({ key }) => titleOf(key))
      .join(', ')
      .slice(0, 190);
  return items
    .map(({ key, digest, cause }) => {
      const role = plan.refs[key]?.role;
      return `${role ? `${role}: ` : ''}${titleOf(key)}, ${cause === 'drift' ? 'drift repaired' : `digest ${digest.slice(0, 8)}`}`;
    })
    .join('; ')
    .slice(0, 190);
}
