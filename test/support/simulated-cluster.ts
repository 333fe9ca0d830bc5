/**
 * Runs the pure core against a cluster that is a table: what is applied becomes InProgress, and Current when the test says
 * so. For laws over many orders of events; the API server's own semantics are tested on a real one.
 */
import { digest } from '../../activities/digest.ts';
import type { Operator, Resource } from '../../index.ts';
import { plan } from '../../index.ts';
import { isExternal, isWorkload } from '../../core/plan/categories.ts';
import { render } from '../../core/plan/digests.ts';
import { configurationOf } from '../../core/plan/templates.ts';
import type { ObjectKey } from '../../core/refs.ts';
import { foldApplied, foldObserved, foldReverted } from '../../core/rollout/fold.ts';
import { foldProgress, reportRollout } from '../../core/rollout/fold-progress.ts';
import { foldPruned } from '../../core/rollout/fold-pruned.ts';
import type { Claim } from '../../core/rollout/claims.ts';
import { foldClaimed } from '../../core/rollout/claims.ts';
import { foldGate, foldPassage } from '../../core/rollout/fold-passage.ts';
import type { RevertResult } from '../../core/rollout/fold.ts';
import type { Removal } from '../../core/rollout/fold-pruned.ts';
import { beginStages } from '../../core/rollout/begin-rollout.ts';
import { canaryOf, ONLY_THE_CANARY, partitionFor } from '../../core/rollout/canary.ts';
import { memoryOf } from '../../core/rollout/course.ts';
import { foldPlanned, foldSettled } from '../../core/rollout/fold-plan.ts';
import { quarantineAt } from '../../core/rollout/quarantine.ts';
import { scaleOrderOf } from '../../core/rollout/scaling.ts';
import { foldInTurn, foldReplaced } from '../../core/rollout/replace.ts';
import { foldReshaped, foldReshapeRefused, foldReshaping } from '../../core/rollout/reshape.ts';
import type { Step } from '../../core/rollout/step.ts';
import { changeOf } from '../../core/rollout/change.ts';
import { nextStep } from '../../core/rollout/next-step.ts';
import { resumeRollout } from '../../core/rollout/resume-rollout.ts';
import type { PlanView, ReconcileState } from '../../core/rollout/state.ts';
import type { RolloutReport } from '../../core/status/resource-status.ts';
import { NEW_STATE } from '../../core/rollout/state.ts';
import type { ScaleSeen } from '../../core/scalers.ts';
import type { Governance } from './simulated-plans.ts';
import type { Live } from './simulated-object.ts';
import { HEALTH, recovered, scaled, shaped } from './simulated-object.ts';
import { SimulatedPlans, viewOf } from './simulated-plans.ts';
import type { ToySpec } from './toy-operator.ts';
import { toy } from './toy-operator.ts';
import { unversioned } from './versions.ts';

export class SimulatedCluster {
  readonly live: Map<ObjectKey, Live> = new Map();
  readonly steps: Step[] = [];
  state: ReconcileState = NEW_STATE;
  plan: PlanView | undefined;
  now: number = Date.parse('2026-01-01T00:00:00Z');
  /** What is refused, and why; under its plain key every version of a ConfigMap. */
  readonly refused: Map<ObjectKey, string> = new Map();
  /** The reason of what is refused. */
  refusal: string = 'Invalid';
  gate: true | string = true;
  /** What a look finds at a workload of another shape. */
  shaping: 'done' | 'wait' | 'refuse' | 'replace' = 'done';
  /** Workloads that are asked to go keep their pods until the test lets them {@link go}. */
  lingers = false;
  /** What was taken from under pods that read it. */
  readonly torn: string[] = [];
  /** Every write to an object that was there, as it was and as it became. */
  readonly writes: { readonly key: ObjectKey; readonly before: Live; readonly after: Live }[] = [];
  /** Before each step, with what it follows from. */
  watch: (step: Step, situation: { readonly plan: PlanView; readonly state: ReconcileState }) => void =
    () => {};
  /** What governs rollouts; known once it was told. */
  readonly governance: Governance = { orders: {}, rules: {}, stageDeadlineMs: 1_800_000 };
  operator: Operator<ToySpec>;
  #uid = 0;
  #resource: Resource<ToySpec> | undefined;
  /** What is deleted to be made anew, as it was. */
  readonly #former = new Map<ObjectKey, Live>();
  readonly #plans = new SimulatedPlans();
  readonly #readBy = new Map<string, readonly ObjectKey[]>();

  constructor(operator: Operator<ToySpec>) {
    this.operator = operator;
  }

  /** Takes up a spec, as `planResource` would. */
  want(spec: ToySpec, generation: number): void {
    this.#resource = toy(spec, generation);
    this.replan();
  }

  /** Chooses anew what it is to have, as after an annotation or when a window opens. */
  replan(told?: RolloutReport): void {
    const { operator, governance, now } = this;
    const resource = this.#resource;
    if (!resource) throw new Error('nothing is wanted yet');
    const { view, rendered } = this.#plans.choose(operator, resource, memoryOf(this.state), governance, now);
    for (const { ref, manifest } of rendered.objects.values())
      this.#readBy.set(ref.template ?? '', [...configurationOf(manifest, resource.metadata.namespace)]);
    this.plan = view;
    if (told) this.state = resumeRollout(this.state, view, told);
    this.state = foldPlanned(this.state, view, now);
  }

  /** Its workflow is lost, and another finds what the cluster and the status remember. */
  forget(): void {
    const entries = Array.from(this.live, ([key, live]) => [key, recovered(key, live)] as const);
    const { journal, rollout } = this.state;
    const told = rollout && this.plan && reportRollout(rollout, this.plan);
    this.state = {
      ...NEW_STATE,
      ...memoryOf(this.state),
      journal,
      inventory: Object.fromEntries(entries),
    };
    this.replan(told);
    this.look();
  }

  /** Steps until there is nothing to do but wait, and says what for. */
  settle(): readonly ObjectKey[] {
    for (let count = 0; count < 1_000; count++) {
      this.now += 10;
      if ((this.plan?.validUntil ?? Infinity) <= this.now) this.replan();
      const { plan } = this;
      if (!plan) throw new Error('nothing is wanted yet');
      this.state = foldProgress(this.state, plan, this.now);
      const quarantine = quarantineAt(plan, this.state, this.now);
      if (quarantine) {
        this.state = { ...this.state, quarantine };
        this.replan();
        continue;
      }
      const step = nextStep(plan, this.state, this.now);
      this.steps.push(step);
      if (step.kind === 'wait') {
        if (step.on.length === 0) this.state = foldSettled(this.state, plan);
        return step.on;
      }
      this.watch(step, { plan, state: this.state });
      if (step.kind === 'apply') this.state = beginStages(this.state, plan, step.keys, this.now);
      this.#execute(step, plan);
    }
    throw new Error(`no end: ${JSON.stringify(this.steps.slice(-3))}`);
  }

  /** Sets the health of an object and lets it be seen. */
  become(key: ObjectKey, health: Live['health']): void {
    this.turn(key, health);
    this.look([key]);
  }

  /** Sets the health of an object; nobody is told. */
  turn(key: ObjectKey, health: Live['health']): void {
    const live = this.live.get(key);
    if (live)
      this.live.set(key, {
        ...live,
        health,
        ...(health === 'Current' ? { mounts: this.#readBy.get(live.template) ?? [] } : {}),
      });
  }

  /** Somebody sets its replicas: an autoscaler that is there from now on, or a person. */
  scale(key: ObjectKey, replicas: number, by: { readonly scaler?: string; readonly setBy?: string }): void {
    const live = this.live.get(key);
    if (!live) return;
    const { partition } = live.scale ?? {};
    const scale: ScaleSeen = { replicas, owned: false, ...by, ...(partition ? { partition } : {}) };
    this.live.set(key, { ...live, generation: live.generation + 1, scale });
    this.look([key]);
  }

  /** The last pod of what was asked to go is gone; nobody is told. */
  go(): void {
    for (const [key, { deleting }] of this.live) if (deleting) this.live.delete(key);
  }

  edit(key: ObjectKey): void {
    const live = this.live.get(key);
    if (live) this.live.set(key, { ...live, generation: live.generation + 1, fields: 'fewer' });
  }

  look(keys: readonly ObjectKey[] = Object.keys(this.state.inventory)): void {
    this.state = foldObserved(
      this.state,
      keys.map((key) => {
        const live = this.live.get(key);
        if (!live) return { key, exists: false };
        const { health, template: _, mounts: _mounts, digest: _digest, ...known } = live;
        return { key, exists: true, ...known, health: HEALTH[health] };
      }),
      this.now,
    );
  }

  #execute(step: Exclude<Step, { kind: 'wait' }>, view: PlanView): void {
    switch (step.kind) {
      case 'apply':
        this.state = foldApplied(
          this.state,
          view,
          step.keys.map((key) => this.#apply(key, view, step.whole)),
          this.now,
        );
        return;
      case 'claim': {
        const claims = step.keys.map((key) => this.#claim(key));
        this.state = foldClaimed(this.state, view, claims, this.now);
        return;
      }
      case 'revert':
        this.state = foldReverted(
          this.state,
          view,
          step.keys.map((key) => this.#restore(key, view)),
          this.now,
        );
        return;
      case 'reshape':
        this.state = this.#reshape(step.key, view);
        return;
      case 'restore':
        for (const key of step.keys) {
          const former = this.#former.get(key);
          if (former && !this.live.has(key)) this.live.set(key, { ...former, uid: `uid-${this.#uid++}` });
          this.#former.delete(key);
          this.state = foldReshaped(this.state, key, shaped(this.live.get(key)), undefined);
        }
        return;
      case 'unblock':
        throw new Error('nothing is ever trapped here');
      case 'prune':
        this.state = foldPruned(this.state, step.keys.map(this.#remove, this), this.now);
        this.look(step.keys.filter((key) => !isExternal(key)));
        return;
      case 'gate':
        this.state = foldGate(this.state, step.key, this.gate, this.now);
        return;
      case 'hook':
        this.state = foldPassage(this.state, step.key, { [step.when]: true });
    }
  }

  /** One step to another shape, as the test says it goes; one that is replaced is away between two of them. */
  #reshape(key: ObjectKey, view: PlanView): ReconcileState {
    const { state, now, shaping } = this;
    const ref = view.refs[key];
    if (!ref) return state;
    if (this.#former.has(key) && !this.live.has(key))
      return foldReplaced(state, view, this.#apply(key, view, true), now);
    if (this.#former.delete(key) || shaping === 'done')
      return foldReshaped(state, key, shaped(this.live.get(key)), ref);
    if (shaping === 'wait') {
      const growing = { reason: 'Resizing', message: '1Gi of 2Gi there' };
      return foldReshaping(state, key, growing, { now, lookAgain: 'later' });
    }
    if (shaping === 'refuse') {
      const asked = { reason: 'ApprovalRequired', message: 'data would go', token: `loss of ${key}` };
      return foldReshapeRefused(state, ref, asked, now);
    }
    if (!state.reshaping?.[key]?.inTurn) return foldInTurn(state, view, { key, why: 'is replaced' }, now);
    const live = this.live.get(key);
    if (live) this.#former.set(key, live);
    this.live.delete(key);
    const away = { reason: 'Recreating', message: 'is deleted', released: true as const };
    return foldReshaping(state, key, away, { now, lookAgain: 'at once' });
  }

  #claim(key: ObjectKey): Claim {
    const message = this.refused.get(key);
    return message
      ? { key, claimed: false, reason: this.refusal, message }
      : { key, claimed: true, origin: 'created' };
  }

  #remove(key: ObjectKey): Removal {
    const message = this.refused.get(key);
    if (message && isExternal(key)) return { key, outcome: 'refused', reason: 'Unreachable', message };
    if (this.state.inventory[key]?.retain) return { key, outcome: 'retained' };
    for (const [reader, { mounts }] of this.live)
      if (reader !== key && mounts.includes(key)) this.torn.push(`${key}, which pods of ${reader} read`);
    const live = this.live.get(key);
    if (this.lingers && isWorkload(key) && live) this.live.set(key, { ...live, deleting: true });
    else this.live.delete(key);
    if (!isExternal(key)) return { key, outcome: 'removed' };
    const { absentUntil = Infinity } = this.state.inventory[key] ?? {};
    return absentUntil <= this.now ? { key, outcome: 'gone' } : { key, outcome: 'absent', settlesMs: 30_000 };
  }

  /** Back to the pods it had. */
  #restore(key: ObjectKey, view: PlanView): RevertResult {
    const template = this.state.inventory[key]?.template ?? this.state.lost?.[key];
    if (template === undefined) return { ...this.#apply(key, view), digest: 'as kept' };
    const ref = view.refs[key];
    const before = ref ? { ...view, refs: { [key]: { ...ref, template } } } : view;
    const reads = this.#readBy.get(template) ?? [];
    return { ...this.#apply(key, before), digest: `of ${template}`, template, reads };
  }

  #apply(key: ObjectKey, view: PlanView, whole?: true): Parameters<typeof foldApplied>[2][number] {
    const message = this.refused.get(unversioned([key])[0] ?? key);
    if (message) return { key, applied: false, reason: this.refusal, message };
    const known = this.live.get(key);
    const ref = view.refs[key];
    const entry = this.state.inventory[key];
    const canary = ref && !whole ? canaryOf(ref, this.state) : undefined;
    const order = ref ? scaleOrderOf(ref, entry, changeOf(ref, entry)) : {};
    const template = (order.scaleOnly ? known?.template : ref?.template) ?? '';
    const before = known?.scale ?? { replicas: 1, owned: false };
    const { replicas = before.replicas } = order;
    const partition = canary === undefined || order.scaleOnly ? undefined : partitionFor(canary, replicas);
    const scales = isWorkload(key) && known !== undefined && before.replicas !== replicas;
    const rolls = isWorkload(key) && known?.template !== template;
    const live: Live = {
      uid: known?.uid ?? `uid-${this.#uid++}`,
      generation: (known?.generation ?? 0) + 1,
      digest: order.scaleOnly
        ? (known?.digest ?? '')
        : partition === undefined
          ? (ref?.digest ?? '')
          : ONLY_THE_CANARY,
      template,
      fields: 'all',
      mounts: isWorkload(key)
        ? [...new Set([...(known?.mounts ?? []), ...(this.#readBy.get(template) ?? [])])]
        : [],
      ...(known?.deleting ? { deleting: true as const } : {}),
      health: rolls || scales ? 'InProgress' : (known?.health ?? 'Current'),
      ...(isWorkload(key) ? { scale: scaled(before, order, partition) } : {}),
    };
    this.live.set(key, live);
    if (known) this.writes.push({ key, before: known, after: live });
    const { health, template: _template, mounts: _, digest: _digest, ...rest } = live;
    const told = { ...rest, ...(partition === undefined ? {} : { partition }) };
    const scaledOnly = order.scaleOnly ? { scaledOnly: true as const } : {};
    return { key, applied: true, created: !known, ...told, ...scaledOnly, health: HEALTH[health] };
  }
}

export function planView(operator: Operator<ToySpec>, resource: Resource<ToySpec>): PlanView {
  return viewOf(render(plan(operator, resource), digest), resource);
}
