import { DeterminismViolationError, isCancellation, log, setCurrentDetails } from '@temporalio/workflow';
import { signature } from '../core/commands/orders.ts';
import { mergeHints, type Hint } from '../core/hint.ts';
import { bounded } from '../core/bounded-text.ts';
import { OUR_REASONS, STATUS_REASONS } from '../core/reasons.ts';
import { titleOfResource } from '../core/refs.ts';
import { beginStages } from '../core/rollout/begin-rollout.ts';
import { foldProgress } from '../core/rollout/fold-progress.ts';
import { foldSettled } from '../core/rollout/fold-plan.ts';
import { nextStep } from '../core/rollout/next-step.ts';
import { isQuiet, isSameCall } from '../core/rollout/operator-call.ts';
import { quarantineAt } from '../core/rollout/quarantine.ts';
import { isInTurn, released } from '../core/rollout/reshape.ts';
import { isRoutineDue, routineAt } from '../core/rollout/routine.ts';
import type { PlanView, ReconcileState } from '../core/rollout/state.ts';
import type { Waiting } from '../core/rollout/step.ts';
import { nextTeardown, type TeardownStep } from '../core/rollout/teardown.ts';
import { Turns } from '../core/rollout/turns.ts';
import { nextReading } from '../core/rollout/unread.ts';
import { detailsOf } from '../core/status/details.ts';
import { summaryOf, verdictOf, type Situation } from '../core/status/verdict.ts';
import { write } from './activities.ts';
import { currentTime } from './clock.ts';
import type { ClusterStep, Fold, OperatorStep, Outcome } from './executor.ts';
import { Executor } from './executor.ts';
import { failureOf, isPlanStale } from './failures.ts';
import type { Inbox } from './inbox.ts';
import type { ReconcileInput, RolloutStatus } from './messages.ts';
import type { CallOptions, Channels } from './outlook.ts';
import { Outlook } from './outlook.ts';
import type { Reporter } from './reporter.ts';
import { earliest, retryAt } from './retry.ts';
import { Staleness } from './staleness.ts';
import { isCarriedOut, type Deletion } from './take-up.ts';

interface Gone {
  readonly kind: 'gone';
}

/** How a pass ends: with the resource gone, or at rest until news or a time. */
export type Rest = Gone | { readonly kind: 'rest'; readonly wakeAt?: number };

const GONE: Gone = { kind: 'gone' };

/** A teardown looks again at what it waits for. */
const TEARDOWN_LOOK_MS = 60_000;

/** Looks, decides and does until there is nothing to do but wait. Between two steps it takes up whatever is new. */
export class Pass {
  readonly #input: ReconcileInput;
  readonly #inbox: Inbox;
  readonly #executor: Executor;
  readonly #reporter: Reporter;
  readonly #turns = new Turns();
  readonly #outlook: Outlook;
  #teardownStep: TeardownStep | undefined;
  readonly #staleness = new Staleness();
  /** Rests in a row with a failure. */
  #attempts = 0;

  constructor(input: ReconcileInput, state: ReconcileState | undefined, channels: Channels) {
    this.#input = input;
    this.#inbox = channels.inbox;
    this.#executor = new Executor(input.resource);
    this.#reporter = channels.reporter;
    this.#outlook = new Outlook(input, state, channels);
  }

  get state(): ReconcileState {
    return this.#outlook.state;
  }

  get situation(): Situation {
    return this.#outlook.whole;
  }

  get status(): RolloutStatus {
    const { situation } = this;
    const verdict = verdictOf(situation, currentTime());
    return {
      summary: summaryOf(verdict),
      details: detailsOf(situation, verdict, this.#title),
    };
  }

  /** Nothing is known of what is wanted. */
  get isBlind(): boolean {
    return this.#outlook.isBlind;
  }

  /** Whether the run may end: no operator code that was given up may still be at work. */
  get isAlone(): boolean {
    return this.#outlook.isAlone;
  }

  get #title(): string {
    return titleOfResource(this.#input.resource);
  }

  /** A mistake of ours is a condition, and is tried again slowly; it never keeps a resource from its next spec. */
  async run(hint: Hint): Promise<Rest> {
    try {
      return await this.#run(hint);
    } catch (error) {
      if (isCancellation(error) || error instanceof DeterminismViolationError) throw error;
      return this.#survive(error);
    }
  }

  async #survive(error: unknown): Promise<Rest> {
    const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    log.error('a pass ended with an error of the operator', {
      why,
      stack: error instanceof Error ? error.stack : '',
    });
    const message = bounded(`an error of the operator itself: ${why}`);
    const { generation } = this.#outlook.state;
    const failure = { reason: STATUS_REASONS.InternalError, message, generation, passes: true } as const;
    this.#outlook.situation = { ...this.#outlook.situation, failure };
    try {
      return await this.#rest(undefined);
    } catch (again) {
      if (isCancellation(again)) throw again;
      // Not even the status can be told.
      return { kind: 'rest', wakeAt: earliest(retryAt(failure, ++this.#attempts)) ?? currentTime() };
    }
  }

  async #run(hint: Hint): Promise<Rest> {
    let rest: Rest | undefined = await this.#look(hint);
    while (!rest) {
      rest = this.#outlook.deletion ? await this.#tearDown(this.#outlook.deletion) : await this.#rollOut();
      rest ??= await this.#turned();
      if (!rest && (this.#inbox.hasNews || this.#outlook.isBlind))
        rest = await this.#look(this.#inbox.take());
    }
    if (rest.kind === 'gone') {
      this.#outlook.forget();
      this.#teardownStep = undefined;
    }
    setCurrentDetails(this.status.details);
    return rest;
  }

  async #look(hint: Hint): Promise<Gone | undefined> {
    const settled = this.#staleness.settle();
    const newer = settled && (await settled.then(() => this.#inbox.take()));
    return (await this.#outlook.look(newer ? mergeHints(hint, newer) : hint)) && GONE;
  }

  /** Calls operator code, beside which news is taken up. */
  async #call(call: () => Promise<Fold>, options: CallOptions): Promise<Gone | undefined> {
    return (await this.#outlook.call(call, options)) && GONE;
  }

  /** However wrongly it is decided, and whoever undoes what is done: no pass goes on for ever. */
  async #turned(): Promise<Rest | undefined> {
    const why = this.#turns.take({ step: this.#teardownStep, ...this.#outlook.whole });
    if (why === undefined) return undefined;
    const verdict = verdictOf(this.#outlook.whole, currentTime());
    const message = `${verdict.message}: ${why}; it goes on after a rest`;
    const { generation } = this.#outlook.situation.plan ?? this.#outlook.state;
    this.#outlook.situation = {
      ...this.#outlook.situation,
      failure: { reason: OUR_REASONS.NoProgress, message, generation },
    };
    return this.#rest(undefined);
  }

  /** One step of the plan. */
  async #rollOut(): Promise<Rest | undefined> {
    const { plan, failure } = this.#outlook.situation;
    // What cannot be planned must not stay without the StatefulSet that looks after its pods.
    const orphaned = failure && !failure.passes ? released(this.#outlook.state) : [];
    if (orphaned.length > 0)
      this.#outlook.state = (await this.#executor.restore(orphaned, this.#outlook.state)).state;
    if (!plan || failure) return this.#rest(undefined);
    this.#outlook.state = foldProgress(this.#outlook.state, plan, currentTime());
    const quarantine = quarantineAt(plan, this.#outlook.state, currentTime());
    if (quarantine) {
      this.#outlook.state = { ...this.#outlook.state, quarantine };
      this.#outlook.situation = {};
      return undefined;
    }
    const step = nextStep(plan, this.#outlook.state, currentTime());
    this.#outlook.situation = { ...this.#outlook.situation, step };
    const isIdle = step.kind === 'wait';
    if (isIdle && step.on.length === 0) this.#outlook.state = foldSettled(this.#outlook.state, plan);
    if (isIdle && !isRoutineDue(this.#outlook.state, plan, currentTime()))
      return this.#rest(earliest(step.wakeAt, plan.validUntil));
    if (isIdle || step.kind === 'gate' || step.kind === 'hook') return this.#callFor(step, plan);
    const { state, error } = await this.#execute(step, plan);
    this.#outlook.state = state;
    this.#note(error, plan);
    return undefined;
  }

  /** Calls the gate or hook of a step, or the routine where there is nothing to do. */
  async #callFor(step: OperatorStep | Waiting, plan: PlanView): Promise<Rest | undefined> {
    const name =
      step.kind === 'wait' ? 'routine' : step.kind === 'gate' ? `gate ${step.gate}` : `hook ${step.hook}`;
    const call = (): Promise<Fold> =>
      step.kind === 'wait'
        ? this.#executor.runRoutine(plan, this.#outlook.state)
        : this.#executor.call(step, plan, this.#outlook.state);
    try {
      return await this.#call(call, {
        name,
        tells:
          step.kind === 'wait'
            ? 'never'
            : isQuiet(step, this.#outlook.state)
              ? 'when it takes long'
              : 'at once',
        isWanted: async () => {
          const now = this.#outlook.situation.plan;
          if (!now || this.#outlook.deletion || !isSameCall(step, plan, now, currentTime())) return false;
          await this.#repair(now);
          this.#outlook.situation = { ...this.#outlook.situation, step };
          return true;
        },
      });
    } catch (error) {
      this.#note(error, plan);
      return undefined;
    }
  }

  /** While operator code runs, what is broken meanwhile is mended all the same. */
  async #repair(plan: PlanView): Promise<void> {
    const step = nextStep(plan, this.#outlook.state, currentTime());
    if (this.#outlook.situation.failure || (step.kind !== 'apply' && step.kind !== 'revert')) return;
    const { state, error } = await this.#execute(step, plan);
    this.#outlook.state = state;
    this.#note(error, plan);
  }

  /** What a step came to; what was planned of something that changed since is planned again. */
  #note(error: unknown, plan: PlanView): void {
    if (error === undefined) this.#staleness.end();
    else if (isPlanStale(error) && this.#staleness.add(plan.generation)) this.#outlook.situation = {};
    else this.#outlook.situation = { ...this.#outlook.situation, failure: failureOf(error, plan.generation) };
  }

  async #execute(step: ClusterStep, plan: PlanView): Promise<Outcome> {
    const replaced = step.kind === 'reshape' && isInTurn(step.key, this.#outlook.state) ? [step.key] : [];
    const begun = step.kind === 'apply' ? step.keys : replaced;
    this.#outlook.state = beginStages(this.#outlook.state, plan, begun, currentTime());
    const { state, patienceMs } = await this.#reporter.announce(
      { ...this.#outlook.situation, state: this.#outlook.state },
      step,
    );
    this.#outlook.state = state;
    const outcome = await this.#executor.execute(step, plan, state, {
      editors: this.#outlook.editors,
      patienceMs,
      ask: (call) => this.#outlook.ask(call),
    });
    if (step.kind !== 'claim' || outcome.error !== undefined) return outcome;
    // Nothing is created before the status names it: what knows nothing of this workflow finds it there.
    const named = await this.#reporter.report(
      { ...this.#outlook.situation, state: outcome.state },
      'at once',
    );
    if (named.failure) this.#outlook.situation = { ...this.#outlook.situation, failure: named.failure };
    return { state: named.failure ? state : named.state };
  }

  /** One step of taking down. */
  async #tearDown(deletion: Deletion): Promise<Rest | undefined> {
    if (!deletion.held || this.#outlook.situation.failure) return this.#rest(undefined);
    try {
      return await this.#takeDown(deletion);
    } catch (error) {
      this.#outlook.situation = { deleting: true, failure: failureOf(error, this.#outlook.state.generation) };
      return undefined;
    }
  }

  async #takeDown(deletion: Deletion): Promise<Rest | undefined> {
    const { uid, orphan, cleanUp, abandon } = deletion;
    const { resource } = this.#input;
    if (abandon) {
      const left = Object.keys(this.#outlook.state.inventory);
      await write(`abandon ${this.#title}${signature(abandon)}`).abandonResource(
        resource,
        uid,
        left,
        abandon,
      );
      return GONE;
    }
    if (cleanUp && !orphan && !this.#outlook.state.cleanedUp) return this.#cleanUp();
    const step = orphan ? ({ kind: 'done' } as const) : nextTeardown(this.#outlook.state, currentTime());
    this.#teardownStep = step;
    if (step.kind === 'done') {
      const left = await write(`let go of ${this.#title}`).removeFinalizer(resource, uid);
      // What others hold is there still, and its status must not say otherwise.
      this.#outlook.deletion = left?.terminating && { ...deletion, ...left, held: false };
      return this.#outlook.deletion ? undefined : GONE;
    }
    if (step.kind === 'wait') {
      this.#outlook.situation = { deleting: true, step };
      return this.#rest(Math.min(currentTime() + TEARDOWN_LOOK_MS, step.wakeAt ?? Infinity));
    }
    const { state, error } =
      step.kind === 'restore'
        ? await this.#executor.restore(step.keys, this.#outlook.state)
        : await this.#executor.remove(step.keys, this.#outlook.state, 'delete');
    this.#outlook.state = state;
    if (error !== undefined)
      this.#outlook.situation = { deleting: true, failure: failureOf(error, this.#outlook.state.generation) };
    return undefined;
  }

  /** Runs the author's `onDelete`, until it runs through or somebody abandons the deletion. */
  async #cleanUp(): Promise<Rest | undefined> {
    const { cleanup } = this.#outlook.state;
    if (cleanup && currentTime() < cleanup.retryAt) {
      this.#outlook.situation = { deleting: true };
      return this.#rest(cleanup.retryAt);
    }
    return this.#call(() => this.#executor.cleanUp(this.#title), {
      name: 'onDelete',
      tells: cleanup ? 'when it takes long' : 'at once',
      isWanted: () =>
        Promise.resolve(this.#outlook.deletion?.cleanUp === true && isCarriedOut(this.#outlook.deletion)),
    });
  }

  async #rest(wakeAt: number | undefined): Promise<Rest> {
    const { state, failure: unreported, dueAt } = await this.#reporter.report(this.#outlook.whole);
    this.#outlook.state = state;
    if (unreported)
      log.warn('the status could not be written, and will be written later', { why: unreported.message });
    const failures = [this.#outlook.situation.failure, unreported].filter((failure) => failure !== undefined);
    this.#attempts = failures.length > 0 ? this.#attempts + 1 : 0;
    const { plan, failure } = this.#outlook.situation;
    const routine = plan && !failure ? routineAt(this.#outlook.state, plan, currentTime()) : undefined;
    const retries = failures.map((each) => retryAt(each, this.#attempts));
    const quiet = failure ? undefined : state.settling?.until;
    const next = earliest(wakeAt, dueAt, routine, nextReading(state), quiet, ...retries);
    const at = this.#turns.rest(next, currentTime());
    return { kind: 'rest', ...(at === undefined ? {} : { wakeAt: at }) };
  }
}
