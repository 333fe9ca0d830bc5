/** Chooses what a resource is to have now, as `planResource` does, over a table of kept sets and with no server. */
import { digest } from '../../activities/digest.ts';
import type { KeptPlan } from '../../activities/revisions.ts';
import { reversed } from '../../activities/revisions.ts';
import type { Operator, Resource } from '../../index.ts';
import { plan } from '../../index.ts';
import type { Orders } from '../../core/commands/orders.ts';
import type { Rendered } from '../../core/plan/digests.ts';
import { render } from '../../core/plan/digests.ts';
import type { Memory } from '../../core/rollout/course.ts';
import { courseOf, NEWEST } from '../../core/rollout/course.ts';
import type { RolloutRules, Window } from '../../core/rollout/rules.ts';
import type { PlanView } from '../../core/rollout/state.ts';
import type { ToySpec } from './toy-operator.ts';

/** What governs rollouts, as people and the operator say it. */
export interface Governance {
  orders: Orders;
  rules: Omit<RolloutRules, 'windows'>;
  /** A window opens every so often, for so long; absent: it is always open. */
  windows?: { readonly everyMs: number; readonly openMs: number };
  stageDeadlineMs: number;
}

export class SimulatedPlans {
  readonly #kept = new Map<string, KeptPlan>();
  readonly #rendered = new WeakMap<Operator<ToySpec>, Map<string, Rendered>>();

  choose(
    operator: Operator<ToySpec>,
    resource: Resource<ToySpec>,
    memory: Memory,
    governance: Governance,
    now: number,
  ): { readonly view: PlanView; readonly rendered: Rendered } {
    const rendered = this.#render(operator, resource);
    const { generation } = resource.metadata;
    const { orders, windows, stageDeadlineMs } = governance;
    const rules = { ...governance.rules, ...(windows ? { windows: nextWindows(windows, now) } : {}) };
    const newest = { generation, digest: rendered.digest, input: { digest: digest(resource.spec) } };
    const wished = courseOf(memory, newest, orders, rules, now);
    const kept = wished.kind === 'newest' ? undefined : this.#kept.get(wished.good.revision);
    const course = kept ? wished : NEWEST;
    if (course.kind === 'newest') this.#kept.set(rendered.digest, rendered);
    const chosen = !kept ? rendered : course.kind === 'rolledBack' ? reversed(kept) : kept;
    const expiries = (orders.approvals ?? []).flatMap(({ expires }) => expires ?? []);
    const opens = course.kind === 'held' ? course.opens : undefined;
    const ends = [...expiries, ...(rules.windows ?? []).map(({ closes }) => closes), opens ?? 0];
    const next = ends.filter((at) => at > now);
    const view: PlanView = {
      ...viewOf(chosen, resource),
      stageDeadlineMs,
      course,
      newest,
      revision: course.kind === 'newest' ? rendered.digest : course.good.revision,
      orders,
      rules,
      ...(next.length > 0 ? { validUntil: Math.min(...next) } : {}),
    };
    return { view, rendered };
  }

  /** Once for each spec, as in a worker: it is most of what a simulated step costs. */
  #render(operator: Operator<ToySpec>, resource: Resource<ToySpec>): Rendered {
    const known = this.#rendered.get(operator) ?? new Map<string, Rendered>();
    this.#rendered.set(operator, known);
    const wanted = JSON.stringify(resource);
    const rendered = known.get(wanted) ?? render(plan(operator, resource), digest);
    known.set(wanted, rendered);
    return rendered;
  }
}

function nextWindows({ everyMs, openMs }: NonNullable<Governance['windows']>, now: number): Window[] {
  const first = now - (now % everyMs);
  return [0, 1, 2].map((n) => ({ opens: first + n * everyMs, closes: first + n * everyMs + openMs }));
}

export function viewOf(kept: KeptPlan, resource: Resource<ToySpec>): PlanView {
  return {
    uid: resource.metadata.uid,
    generation: resource.metadata.generation,
    digest: kept.digest,
    refs: Object.fromEntries(Array.from(kept.objects, ([key, { ref }]) => [key, ref])),
    stages: kept.stages.map(({ role }) => role),
    warnings: kept.warnings,
    stageDeadlineMs: 1_800_000,
    firstInstall: 'parallel',
  };
}
