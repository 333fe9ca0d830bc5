import { isCancellation } from '@temporalio/workflow';
import type { ApplyItem, ClaimItem, PlanRef, PruneItem } from '../activities/index.ts';
import type { Category } from '../core/plan/categories.ts';
import { CATEGORIES, categoryOf, isExternal, titleOf } from '../core/plan/categories.ts';
import type { ObjectKey, ResourceRef } from '../core/refs.ts';
import type { ApplyResult } from '../core/rollout/fold.ts';
import type { Removal } from '../core/rollout/fold-pruned.ts';
import { foldClaimed } from '../core/rollout/claims.ts';
import { foldApplied, foldReverted } from '../core/rollout/fold.ts';
import { foldPruned } from '../core/rollout/fold-pruned.ts';
import { foldGate, foldHookFailed, foldPassage } from '../core/rollout/fold-passage.ts';
import { contentsOf } from '../core/rollout/references.ts';
import type { Step } from '../core/rollout/step.ts';
import { changeOf } from '../core/rollout/change.ts';
import { foldCleanupFailed } from '../core/rollout/cleanup.ts';
import { foldRoutine } from '../core/rollout/routine.ts';
import { canaryOf } from '../core/rollout/canary.ts';
import { foldAnswered, foldSending } from '../core/rollout/sent.ts';
import { hasBeenScaled, scaleOrderOf } from '../core/rollout/scaling.ts';
import type { PlanView, ReconcileState } from '../core/rollout/state.ts';
import { currentTime } from './clock.ts';
import { author, external, reshaping, write } from './activities.ts';
import { foldReshaped } from '../core/rollout/reshape.ts';
import { foldUnblocked } from '../core/rollout/unblock.ts';
import { failureOf, isPlanStale, readsIn } from './failures.ts';
import type { Ask } from './pod-replacement.ts';
import { unblock } from './pod-replacement.ts';
import { reshape } from './reshaper.ts';

const APPLY = {
  ConfigMaps: 'applyConfigMaps',
  Storage: 'applyStorage',
  Services: 'applyServices',
  NetworkPolicies: 'applyNetworkPolicies',
  Objects: 'applyObjects',
  Workloads: 'applyWorkloads',
} as const satisfies Record<Exclude<Category, 'Externals'>, string>;

/** A step that calls operator code, and may take long. */
export type OperatorStep = Extract<Step, { kind: 'gate' | 'hook' }>;
/** A step that changes the cluster, or a server of somebody else. */
export type ClusterStep = Exclude<Step, OperatorStep | { kind: 'wait' }>;

/** What an answer makes of what is known when it is there. */
export type Fold = (state: ReconcileState) => ReconcileState;

/** What is known after a step, and what kept it from being complete. */
export interface Outcome {
  readonly state: ReconcileState;
  readonly error?: unknown;
}

/** What beside plan and state bears on a step. */
export interface Circumstances {
  /** Who changed what we applied. */
  readonly editors: ReadonlyMap<ObjectKey, readonly string[]>;
  /** How long an apply may wait for its workloads before the status must say that it does. */
  readonly patienceMs: number;
  /** Asks a gate, unless something newer about the resource arrives before it answers. */
  readonly ask: Ask;
}

/** Carries out one step, and answers with what is known afterwards. */
export class Executor {
  readonly #resource: ResourceRef;

  constructor(resource: ResourceRef) {
    this.#resource = resource;
  }

  #planRef(plan: PlanView, state: ReconcileState): PlanRef {
    const contents = contentsOf(state.references);
    return {
      resource: this.#resource,
      uid: plan.uid,
      generation: plan.generation,
      ...(plan.commands ? { asked: plan.commands } : {}),
      // What is not the newest is read from where it was kept.
      ...(isOfThePast(plan) && plan.revision ? { revision: plan.revision } : {}),
      ...(Object.keys(contents).length === 0 ? {} : { contents }),
      ...(plan.restarts ? { restarts: plan.restarts } : {}),
    };
  }

  /** What was achieved counts also when a part of the step failed. */
  async execute(
    step: ClusterStep,
    plan: PlanView,
    state: ReconcileState,
    { editors, patienceMs, ask }: Circumstances,
  ): Promise<Outcome> {
    let known = state;
    const ref = this.#planRef(plan, state);
    try {
      switch (step.kind) {
        case 'apply': {
          const items = step.keys.map((key) =>
            itemOf(key, plan, state, { editors: editors.get(key), whole: step.whole }),
          );
          known = foldSending(state, plan, step.keys);
          const { results, error } = await this.#apply(ref, items, plan, patienceMs);
          const applied = foldApplied(known, plan, results, currentTime());
          return { state: foldAnswered(applied, state, results), error };
        }
        case 'claim':
          return { state: await this.#claim(step.keys, ref, plan, state) };
        case 'reshape':
          return {
            state: await reshape(ref, step.key, plan, {
              state,
              keep: (kept) => (known = kept),
              ask,
            }),
          };
        case 'restore':
          return await this.restore(step.keys, state);
        case 'unblock':
          return { state: await this.#unblock(ref, step.key, plan, { state, ask }) };
        case 'revert': {
          const items = step.keys.map((key) => ({ key, ...templateBefore(key, state) }));
          const summary = `as before, until its turn: ${step.keys.map(titleOf).join(', ')}`;
          const results = await write(summary).revertObjects(ref, items);
          return { state: foldReverted(state, plan, results, currentTime()) };
        }
        case 'prune':
          return await this.remove(step.keys, state, 'no longer desired', plan.generation);
      }
    } catch (error) {
      return { state: known, error };
    }
  }

  async #claim(
    keys: readonly ObjectKey[],
    ref: PlanRef,
    plan: PlanView,
    state: ReconcileState,
  ): Promise<ReconcileState> {
    const items = keys.map((key) => claimItemOf(key, plan, state));
    const claims = await external(`first look: ${keys.map(titleOf).join(', ')}`).claimExternals(ref, items);
    return foldClaimed(state, plan, claims, currentTime());
  }

  /** Runs the author's routine; one that fails is the resource's trouble, and runs again in time. */
  async runRoutine(plan: PlanView, state: ReconcileState): Promise<Fold> {
    const { uid, generation, commands } = plan;
    const { answer } = state.routine ?? {};
    const known = answer === undefined ? {} : { last: answer };
    try {
      const asked = commands ? { asked: commands } : {};
      const request = { resource: this.#resource, uid, generation, ...asked, ...known };
      const outcome = await author(`routine of generation ${generation}`).runRoutine(request);
      return (now) => foldRoutine(now, plan, outcome, currentTime());
    } catch (error) {
      if (isPlanStale(error) || isCancellation(error)) throw error;
      const failure = { ...failureOf(error, generation), ...readsIn(error) };
      return (now) => foldRoutine(now, plan, { failure }, currentTime());
    }
  }

  /** Calls the author's gate or hook. */
  async call(step: OperatorStep, plan: PlanView, state: ReconcileState): Promise<Fold> {
    const ref = this.#planRef(plan, state);
    const { key } = step;
    if (step.kind === 'gate') {
      const reply = await author(`${titleOf(key)}: gate ${step.gate}`).checkGate(ref, key);
      return (now) => foldGate(now, key, reply, currentTime());
    }
    const { when, hook } = step;
    const { trigger = 'Change', from } = state.rollout ?? {};
    const rollout = { trigger, generation: plan.generation, ...(from ? { from } : {}), to: plan.digest };
    try {
      await author(`${titleOf(key)}: ${when} hook ${hook}`).runHook(ref, key, { when, rollout });
      return (now) => foldPassage(now, key, { [when]: true });
    } catch (error) {
      if (isPlanStale(error) || isCancellation(error)) throw error;
      const { reason, message } = failureOf(error, plan.generation);
      const failure = { reason, message, ...readsIn(error) };
      return (now) => foldHookFailed(now, plan, key, failure, currentTime());
    }
  }

  /** Runs the author's `onDelete`. */
  async cleanUp(title: string): Promise<Fold> {
    try {
      await author(`onDelete of ${title}`).cleanUp(this.#resource);
      return ({ cleanup: _, ...now }) => ({ ...now, cleanedUp: true });
    } catch (error) {
      if (isCancellation(error)) throw error;
      const { reason, message } = failureOf(error, 0);
      return (now) => foldCleanupFailed(now, { reason, message }, currentTime());
    }
  }

  /** One activity per category, side by side; all have ended when it answers, so that no late write meets the next step. */
  async #apply(
    ref: PlanRef,
    items: readonly ApplyItem[],
    plan: PlanView,
    patienceMs: number,
  ): Promise<{ readonly results: readonly ApplyResult[]; readonly error: unknown }> {
    const groups = Map.groupBy(items, ({ key }) => categoryOf(key));
    return gathered(
      Array.from(groups, ([category, group]) => {
        const summary = summaryOf(group, plan);
        return category === CATEGORIES.Externals
          ? external(summary).applyExternals(ref, group)
          : write(summary)[APPLY[category]](ref, group, patienceMs);
      }),
    );
  }

  /** Removes what is to go, from the cluster and from servers side by side. */
  async remove(
    keys: readonly ObjectKey[],
    state: ReconcileState,
    why: string,
    generation?: number,
  ): Promise<Outcome> {
    const items = pruneItemsOf(keys, state, currentTime());
    const groups = Map.groupBy(items, ({ key }) => isExternal(key));
    const { results, error } = await gathered<Removal>(
      Array.from(groups, ([isRemote, group]) => {
        const summary = `${why}: ${group.map(({ key }) => titleOf(key)).join(', ')}`;
        return isRemote
          ? external(summary).removeExternals(this.#resource, group)
          : write(summary).pruneObjects(this.#resource, group, state.uid ?? '', generation);
      }),
    );
    return { state: foldPruned(state, results, currentTime()), error };
  }

  /** Puts back what is between two shapes, as it was. */
  async restore(keys: readonly ObjectKey[], state: ReconcileState): Promise<Outcome> {
    try {
      const run = reshaping(`put back as it was: ${keys.map(titleOf).join(', ')}`);
      const restored = await run.restoreStatefulSets(this.#resource, keys, state.uid ?? '');
      return {
        state: restored.reduce((next, { key, entry }) => foldReshaped(next, key, entry, undefined), state),
      };
    } catch (error) {
      return { state, error };
    }
  }

  async #unblock(
    planned: PlanRef,
    key: ObjectKey,
    plan: PlanView,
    { state, ask }: { readonly state: ReconcileState; readonly ask: Ask },
  ): Promise<ReconcileState> {
    const ref = plan.refs[key];
    if (!ref) return state;
    return foldUnblocked(state, ref, await unblock(planned, key, plan, ask), currentTime());
  }
}

/** All have ended when it answers; what some achieved counts though others failed. */
async function gathered<Result>(
  calls: readonly Promise<readonly Result[]>[],
): Promise<{ readonly results: readonly Result[]; readonly error: unknown }> {
  const outcomes = await Promise.allSettled(calls);
  return {
    results: outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : [])),
    error: outcomes.find((outcome) => outcome.status === 'rejected')?.reason,
  };
}

/** Whether something else than what the newest spec asks for is followed. */
function isOfThePast({ course }: PlanView): boolean {
  return course !== undefined && course.kind !== 'newest';
}

function templateBefore(key: ObjectKey, { inventory, lost }: ReconcileState): { readonly template?: string } {
  const template = inventory[key]?.template ?? lost?.[key];
  return template === undefined ? {} : { template };
}

function itemOf(
  key: ObjectKey,
  plan: PlanView,
  state: ReconcileState,
  { editors, whole }: { readonly editors?: readonly string[] | undefined; readonly whole?: true | undefined },
): ApplyItem {
  const ref = plan.refs[key];
  const entry = state.inventory[key];
  const hasDrifted =
    (entry?.digest === '' && !entry.unconfirmed) || (ref !== undefined && hasBeenScaled(ref, entry));
  const canary = ref && !whole ? canaryOf(ref, state) : undefined;
  return {
    key,
    digest: ref?.digest ?? '',
    cause: hasDrifted ? 'drift' : 'plan',
    ...(entry?.uid ? { uid: entry.uid } : {}),
    ...(entry?.unconfirmed ? { unconfirmed: true as const } : {}),
    ...(hasDrifted && editors ? { editors } : {}),
    ...(canary === undefined ? {} : { canary }),
    ...(ref ? scaleOrderOf(ref, entry, changeOf(ref, entry)) : {}),
  };
}

function claimItemOf(key: ObjectKey, plan: PlanView, { refusals }: ReconcileState): ClaimItem {
  const { heir } = refusals[key] ?? {};
  return { key, digest: plan.refs[key]?.digest ?? '', cause: 'plan', ...(heir ? { heir } : {}) };
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

/** What is to go, each as it is known, so that nothing that took its name goes instead. */
function pruneItemsOf(
  keys: readonly ObjectKey[],
  { inventory }: ReconcileState,
  now: number,
): readonly PruneItem[] {
  return keys.map((key) => {
    const { uid = '', retain, origin, unconfirmed, absentUntil = Infinity } = inventory[key] ?? {};
    return {
      key,
      uid,
      ...(retain === undefined ? {} : { retain }),
      ...(origin ? { origin } : {}),
      ...(unconfirmed ? { unconfirmed } : {}),
      ...(absentUntil <= now ? { again: true as const } : {}),
    };
  });
}
