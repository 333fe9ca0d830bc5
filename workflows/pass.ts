import { log, setCurrentDetails, upsertMemo } from '@temporalio/workflow';
import type { PlanAnswer } from '../activities/index.ts';
import { signature } from '../core/commands/orders.ts';
import type { ObjectKey } from '../core/refs.ts';
import { titleOfResource } from '../core/refs.ts';
import { beginStages } from '../core/rollout/begin-rollout.ts';
import { foldProgress, foldSpent } from '../core/rollout/fold.ts';
import { foldPlanned, foldRetry, foldSettled } from '../core/rollout/fold-plan.ts';
import { foldReferences } from '../core/rollout/references.ts';
import { foldRoutinePlanned, isRoutineDue, routineAt } from '../core/rollout/routine.ts';
import type { Step } from '../core/rollout/step.ts';
import { nextStep } from '../core/rollout/next-step.ts';
import { quarantineAt } from '../core/rollout/quarantine.ts';
import { foldInterrupted, isInTurn, released } from '../core/rollout/reshape.ts';
import type { Sight } from '../core/rollout/unread.ts';
import { foldSights, foldUnlisted, isListDue, nextReading } from '../core/rollout/unread.ts';
import type { PlanView, ReconcileState } from '../core/rollout/state.ts';
import { NEW_STATE } from '../core/rollout/state.ts';
import type { TeardownStep } from '../core/rollout/teardown.ts';
import { nextTeardown } from '../core/rollout/teardown.ts';
import { Turns } from '../core/rollout/turns.ts';
import { OUR_REASONS } from '../core/reasons.ts';
import { detailsOf } from '../core/status/details.ts';
import { summaryOf, verdictOf, type Situation } from '../core/status/verdict.ts';
import { currentTime } from './clock.ts';
import { author, look, write } from './activities.ts';
import type { Outcome } from './executor.ts';
import { Executor } from './executor.ts';
import { failureOf, isPlanStale } from './failures.ts';
import { earliest, retryAt } from './retry.ts';
import type { Inbox } from './inbox.ts';
import type { ReconcileInput, RolloutStatus } from './messages.ts';
import { MEMO } from './messages.ts';
import { mergeHints, type Hint } from '../core/hint.ts';
import { keysToLookAt, lookAt } from './look-targets.ts';
import { foldDeleting, requestOf, viewOf, withRemembered } from './plan-view.ts';
import { Reporter } from './reporter.ts';

interface Gone {
  readonly kind: 'gone';
}

/** How a pass ends: with the resource gone, or at rest until news or a time. */
export type Rest = Gone | { readonly kind: 'rest'; readonly wakeAt?: number };

const GONE: Gone = { kind: 'gone' };

type Deletion = Extract<PlanAnswer, { kind: 'deleting' }>;

/** A teardown looks again at what it waits for. */
const TEARDOWN_LOOK_MS = 60_000;
/** A resource that is changed while it is applied is planned again at once; what never stays as planned must not spin. */
const MOST_STALE_PLANS = 3;

/** Looks, decides and does until there is nothing to do but wait. Between two steps it takes up whatever is new. */
export class Pass {
  state: ReconcileState;
  readonly #input: ReconcileInput;
  readonly #inbox: Inbox;
  readonly #executor: Executor;
  readonly #reporter: Reporter;
  readonly #editors = new Map<ObjectKey, readonly string[]>();
  readonly #turns = new Turns();
  #situation: Omit<Situation, 'state'> = {};
  #deletion: Deletion | undefined;
  #teardownStep: TeardownStep | undefined;
  /** What a look that failed was pointed at. */
  #missed: Hint = {};
  /** Plans in a row that were stale, and rests in a row with a failure. */
  #staleness = 0;
  #attempts = 0;

  constructor(input: ReconcileInput, state: ReconcileState | undefined, inbox: Inbox) {
    this.#input = input;
    this.#inbox = inbox;
    this.state = state ?? NEW_STATE;
    this.#executor = new Executor(input.resource);
    this.#reporter = new Reporter(input);
  }

  get situation(): Situation {
    const foreground = this.#deletion?.foreground ? { foreground: true } : {};
    return { ...this.#situation, ...foreground, state: this.state };
  }

  get status(): RolloutStatus {
    const { situation } = this;
    const verdict = verdictOf(situation, currentTime());
    return {
      summary: summaryOf(verdict),
      details: detailsOf(situation, verdict, this.#title),
    };
  }

  get #title(): string {
    return titleOfResource(this.#input.resource);
  }

  async run(hint: Hint): Promise<Rest> {
    let rest: Rest | undefined = await this.#look(hint);
    while (!rest) {
      rest = this.#deletion ? await this.#tearDown(this.#deletion) : await this.#rollOut();
      rest ??= await this.#turned();
      if (!rest && (this.#inbox.hasNews || this.#isBlind)) rest = await this.#look(this.#inbox.take());
    }
    if (rest.kind === 'gone') this.#forget();
    setCurrentDetails(this.status.details);
    return rest;
  }

  /** However wrongly it is decided, and whoever undoes what is done: no pass goes on for ever. */
  async #turned(): Promise<Rest | undefined> {
    const why = this.#turns.take({ step: this.#teardownStep, ...this.situation });
    if (why === undefined) return undefined;
    const verdict = verdictOf(this.situation, currentTime());
    const message = `${verdict.message}: ${why}; it goes on after a rest`;
    const { generation } = this.#situation.plan ?? this.state;
    this.#situation = {
      ...this.#situation,
      failure: { reason: OUR_REASONS.NoProgress, message, generation },
    };
    return this.#rest(undefined);
  }

  /** Nothing is known of what is wanted. */
  get #isBlind(): boolean {
    return !this.#situation.plan && !this.#situation.failure && !this.#deletion;
  }

  /** Another resource under the same name is to be met without prejudice. */
  #forget(): void {
    this.#situation = {};
    this.#deletion = undefined;
    this.#teardownStep = undefined;
  }

  /** Reads what the hint points at. The first look, and one after a failure, reads the resource whatever the hint. */
  async #look(fresh: Hint): Promise<Gone | undefined> {
    const { failure, step } = this.#situation;
    const hint = mergeHints(this.#missed, fresh);
    this.state = foldSpent(this.state, hint.spent ?? []);
    const isDue =
      (this.#situation.plan?.validUntil ?? Infinity) <= currentTime() || isListDue(this.state, currentTime());
    const wantsPlan =
      this.#isBlind || failure !== undefined || isDue || hint.resource !== undefined || hint.resync === true;
    const targets = keysToLookAt(hint, step, this.state, {
      isDeleting: this.#deletion !== undefined,
      now: currentTime(),
    });
    const { inventory } = this.state;
    const plan = wantsPlan ? this.#plan(hint) : undefined;
    const looked = await lookAt(this.#input.resource, inventory, targets, plan);
    this.#missed = {};
    this.#see(looked.sights);
    const { answer, error } = looked;
    if (hint.resync && error === undefined && targets.behind.length > 0)
      upsertMemo({ [MEMO.comparedAt]: currentTime() });
    const gone = answer && this.#takeUpAfresh(answer, inventory);
    if (error === undefined || gone || (answer && this.#deletion?.abandon)) return gone;
    // What is asked of the resource counts also when its objects cannot be read.
    this.#missed = hint;
    this.#situation = { ...this.#situation, failure: failureOf(error, this.state.generation) };
    return undefined;
  }

  #takeUpAfresh(answer: PlanAnswer, compared: ReconcileState['inventory']): Gone | undefined {
    const { failure: _, ...situation } = this.#situation;
    this.#situation = situation;
    const gone = this.#takeUp(answer, compared);
    if (answer.kind !== 'gone') this.state = foldUnlisted(this.state, answer, currentTime());
    return gone;
  }

  #plan(hint: Hint): Promise<PlanAnswer> {
    const wanted = hint.resource ? `generation ${hint.resource.generation}` : 'as it is now';
    const request = requestOf(this.state, this.#situation.plan?.version, hint);
    return look(`${this.#title}, ${wanted}`).planResource({ resource: this.#input.resource, ...request });
  }

  #see(sights: readonly Sight[]): void {
    for (const seen of sights)
      if (seen.exists === true && seen.editors) this.#editors.set(seen.key, seen.editors);
    this.state = foldSights(this.state, sights, currentTime());
  }

  /** @param compared the inventory with which the plan was compared: what was seen meanwhile is news about it. */
  #takeUp(answer: PlanAnswer, compared: ReconcileState['inventory']): Gone | undefined {
    if (answer.kind === 'gone') return GONE;
    if ('strays' in answer)
      this.state = { ...this.state, inventory: { ...answer.strays, ...this.state.inventory } };
    if (answer.kind === 'unchanged') {
      this.state = foldReferences(this.state, answer.references ?? {}, currentTime());
      return undefined;
    }
    // Another uid under the same name is another resource: what was known is about one that is no more.
    const isAnother = answer.uid !== this.state.uid;
    if (isAnother) {
      this.state = { ...NEW_STATE, uid: answer.uid };
      this.#editors.clear();
    }
    this.#deletion = undefined;
    if (answer.recovered) this.state = { ...this.state, inventory: answer.recovered };
    if (answer.interrupted) this.state = foldInterrupted(this.state, answer.interrupted, currentTime());
    if (answer.kind === 'failed') {
      const { recovered: _1, interrupted: _2, strays: _3, unlisted: _4, ...failure } = answer;
      this.#situation = { failure };
      return undefined;
    }
    if (answer.kind === 'deleting') {
      this.#deletion = answer;
      this.state = foldDeleting(this.state, answer, this.#situation.deleting === true);
      this.#situation = { deleting: true };
      return undefined;
    }
    const known = answer.recovered ?? (isAnother ? {} : { ...answer.strays, ...compared });
    const plan = viewOf(answer, known);
    this.state = foldRetry(withRemembered(this.state, answer.remembered, plan), plan.orders);
    if (answer.accepted) {
      this.#reporter.wrote(answer.acceptedInMs ?? 0);
      this.state = { ...this.state, conditions: answer.accepted };
    }
    const informed = foldReferences(this.state, answer.references ?? {}, currentTime());
    const isNewer = plan.generation > this.state.generation;
    this.state = foldRoutinePlanned(foldPlanned(informed, plan, currentTime()), plan, isNewer, currentTime());
    this.#situation = { plan };
    return undefined;
  }

  /** One step of the plan. */
  async #rollOut(): Promise<Rest | undefined> {
    const { plan, failure } = this.#situation;
    // What cannot be planned must not stay without the StatefulSet that looks after its pods.
    const orphaned = failure && !failure.passes ? released(this.state) : [];
    if (orphaned.length > 0) this.state = (await this.#executor.restore(orphaned, this.state)).state;
    if (!plan || failure) return this.#rest(undefined);
    this.state = foldProgress(this.state, plan, currentTime());
    const quarantine = quarantineAt(plan, this.state, currentTime());
    if (quarantine) {
      this.state = { ...this.state, quarantine };
      this.#situation = {};
      return undefined;
    }
    const step = nextStep(plan, this.state, currentTime());
    this.#situation = { ...this.#situation, step };
    const isIdle = step.kind === 'wait';
    if (isIdle && step.on.length === 0) this.state = foldSettled(this.state, plan);
    if (isIdle && !isRoutineDue(this.state, plan, currentTime()))
      return this.#rest(earliest(step.wakeAt, plan.validUntil));
    const { state, error } = isIdle
      ? await this.#executor.runRoutine(plan, this.state)
      : await this.#execute(step, plan);
    this.state = state;
    if (error === undefined) this.#staleness = 0;
    else if (isPlanStale(error) && ++this.#staleness <= MOST_STALE_PLANS) this.#situation = {};
    else this.#situation = { ...this.#situation, failure: failureOf(error, plan.generation) };
    return undefined;
  }

  async #execute(step: Exclude<Step, { kind: 'wait' }>, plan: PlanView): Promise<Outcome> {
    const begun =
      step.kind === 'apply'
        ? step.keys
        : step.kind === 'reshape' && isInTurn(step.key, this.state)
          ? [step.key]
          : [];
    this.state = beginStages(this.state, plan, begun, currentTime());
    const { state, patienceMs } = await this.#reporter.announce(
      { ...this.#situation, state: this.state },
      step,
    );
    this.state = state;
    return this.#executor.execute(step, plan, state, { editors: this.#editors, patienceMs });
  }

  /** One step of taking down. */
  async #tearDown(deletion: Deletion): Promise<Rest | undefined> {
    if (!deletion.held || this.#situation.failure) return this.#rest(undefined);
    try {
      return await this.#takeDown(deletion);
    } catch (error) {
      this.#situation = { deleting: true, failure: failureOf(error, this.state.generation) };
      return undefined;
    }
  }

  async #takeDown({ uid, orphan, cleanUp, abandon }: Deletion): Promise<Rest | undefined> {
    const { resource } = this.#input;
    if (abandon) {
      const left = Object.keys(this.state.inventory);
      await write(`abandon ${this.#title}${signature(abandon)}`).abandonResource(
        resource,
        uid,
        left,
        abandon,
      );
      return GONE;
    }
    if (cleanUp && !orphan && !this.state.cleanedUp) {
      await author(`onDelete of ${this.#title}`).cleanUp(resource);
      this.state = { ...this.state, cleanedUp: true };
      return undefined;
    }
    const step = orphan ? ({ kind: 'done' } as const) : nextTeardown(this.state, currentTime());
    this.#teardownStep = step;
    if (step.kind === 'done') {
      await write(`let go of ${this.#title}`).removeFinalizer(resource, uid);
      return GONE;
    }
    if (step.kind === 'wait') {
      this.#situation = { deleting: true, step };
      return this.#rest(Math.min(currentTime() + TEARDOWN_LOOK_MS, step.wakeAt ?? Infinity));
    }
    const { state, error } =
      step.kind === 'restore'
        ? await this.#executor.restore(step.keys, this.state)
        : await this.#executor.remove(step.keys, this.state, 'delete');
    this.state = state;
    if (error !== undefined)
      this.#situation = { deleting: true, failure: failureOf(error, this.state.generation) };
    return undefined;
  }

  async #rest(wakeAt: number | undefined): Promise<Rest> {
    const { state, failure: unreported, dueAt } = await this.#reporter.report(this.situation);
    this.state = state;
    if (unreported)
      log.warn('the status could not be written, and will be written later', { why: unreported.message });
    const failures = [this.#situation.failure, unreported].filter((failure) => failure !== undefined);
    this.#attempts = failures.length > 0 ? this.#attempts + 1 : 0;
    const { plan, failure } = this.#situation;
    const routine = plan && !failure ? routineAt(this.state, plan, currentTime()) : undefined;
    const retries = failures.map((each) => retryAt(each, this.#attempts));
    const next = earliest(wakeAt, dueAt, routine, nextReading(this.state), ...retries);
    const at = this.#turns.rest(next, currentTime());
    return { kind: 'rest', ...(at === undefined ? {} : { wakeAt: at }) };
  }
}
