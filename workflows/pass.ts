import { log, setCurrentDetails } from '@temporalio/workflow';
import type { PlanAnswer } from '../activities/index.ts';
import { titleOf } from '../core/plan/categories.ts';
import type { ObjectKey } from '../core/refs.ts';
import { foldObserved, foldPlanned, foldProgress, foldPruned } from '../core/rollout/fold.ts';
import type { Observation } from '../core/rollout/fold.ts';
import { nextStep } from '../core/rollout/next-step.ts';
import type { PlanView, ReconcileState } from '../core/rollout/state.ts';
import { fingerprintOf, NEW_STATE } from '../core/rollout/state.ts';
import { nextTeardown } from '../core/rollout/teardown.ts';
import { detailsOf } from '../core/status/details.ts';
import type { Situation } from '../core/status/report.ts';
import { verdictOf } from '../core/status/report.ts';
import { author, look, write } from './activities.ts';
import { Executor } from './executor.ts';
import { failureOf, isPlanStale } from './failures.ts';
import type { Inbox } from './inbox.ts';
import type { Hint, ReconcileInput, RolloutStatus } from './messages.ts';
import { mergeHints } from './messages.ts';
import { Reporter } from './reporter.ts';

/** How a pass ends: with the resource gone, or at rest until news or a time. */
export type Rest =
  { readonly kind: 'gone' } | { readonly kind: 'rest'; readonly wakeAt?: number; readonly why: string };

type Deletion = Extract<PlanAnswer, { kind: 'deleting' }>;

/** A look that failed is repeated after this long; a teardown looks again at what it waits for. */
const LOOK_AGAIN_MS = 10_000;
const TEARDOWN_LOOK_MS = 60_000;

/** Looks, decides and does until there is nothing to do but wait. Between two steps it takes up whatever is new. */
export class Pass {
  state: ReconcileState;
  readonly #input: ReconcileInput;
  readonly #inbox: Inbox;
  readonly #executor: Executor;
  readonly #reporter: Reporter;
  readonly #editors = new Map<ObjectKey, readonly string[]>();
  #situation: Omit<Situation, 'state'> = {};
  #deletion: Deletion | undefined;
  /** What a look that failed was pointed at. */
  #missed: Hint = {};

  constructor(input: ReconcileInput, state: ReconcileState | undefined, inbox: Inbox) {
    this.#input = input;
    this.#inbox = inbox;
    this.state = state ?? NEW_STATE;
    this.#executor = new Executor(input.resource);
    this.#reporter = new Reporter(input);
  }

  get status(): RolloutStatus {
    const situation = { ...this.#situation, state: this.state };
    const verdict = verdictOf(situation, Date.now());
    return {
      summary: `${verdict.phase} (${verdict.reason}): ${verdict.message}`,
      details: detailsOf(situation, verdict, this.#title),
    };
  }

  get #title(): string {
    const { kind, namespace, name } = this.#input.resource;
    return `${kind} ${namespace ? `${namespace}/` : ''}${name}`;
  }

  async run(hint: Hint): Promise<Rest> {
    if ((await this.#look(hint)) === 'gone') return { kind: 'gone' };
    const rest = this.#deletion ? await this.#tearDown(this.#deletion) : await this.#rollOut();
    setCurrentDetails(this.status.details);
    return rest;
  }

  /** Reads what the hint points at. The first look, and one after a failure, reads the resource whatever the hint. */
  async #look(fresh: Hint): Promise<'gone' | 'seen'> {
    const { plan, failure, step } = this.#situation;
    const hint = mergeHints(this.#missed, fresh);
    const isBlind = !plan && !this.#deletion;
    const wantsPlan = isBlind || failure !== undefined || hint.resource !== undefined || hint.resync === true;
    const awaited = step?.kind === 'wait' ? step.on : [];
    const pointed = hint.resync
      ? Object.keys(this.state.inventory)
      : (hint.objects ?? (hint.resource ? [] : awaited));
    const keys = pointed.filter((key) => key in this.state.inventory);
    try {
      const [answer, observations] = await Promise.all([
        wantsPlan ? this.#plan(hint) : undefined,
        keys.length > 0 ? look.observeObjects(this.#input.resource, keys) : [],
      ]);
      this.#missed = {};
      const { failure: _, ...situation } = this.#situation;
      if (answer) this.#situation = situation;
      this.#see(observations);
      return answer ? this.#takeUp(answer) : 'seen';
    } catch (error) {
      this.#missed = hint;
      this.#situation = { ...this.#situation, failure: failureOf(error, this.state.generation) };
      return 'seen';
    }
  }

  #plan(hint: Hint): Promise<PlanAnswer> {
    const { uid, generation, inventory } = this.state;
    const digest = this.#situation.plan?.digest;
    return look.planResource({
      resource: this.#input.resource,
      ...(hint.resource ? { seen: hint.resource } : {}),
      ...(uid === undefined ? {} : { known: { uid, generation, ...(digest ? { digest } : {}) } }),
      inventory: Object.fromEntries(
        Object.entries(inventory).map(([key, entry]) => [key, fingerprintOf(entry)]),
      ),
    });
  }

  #see(observations: readonly Observation[]): void {
    for (const seen of observations)
      if (seen.exists && seen.editors) this.#editors.set(seen.key, seen.editors);
    this.state = foldObserved(this.state, observations, Date.now());
  }

  #takeUp(answer: PlanAnswer): 'gone' | 'seen' {
    if (answer.kind === 'gone') return 'gone';
    if (answer.kind === 'unchanged') return 'seen';
    // Another uid under the same name is another resource: what was known is about one that is no more.
    if (answer.uid !== this.state.uid) this.state = { ...NEW_STATE, uid: answer.uid };
    this.#deletion = undefined;
    if (answer.kind === 'failed') {
      this.#situation = { failure: answer };
      return 'seen';
    }
    if (answer.recovered) this.state = { ...this.state, inventory: answer.recovered };
    if (answer.kind === 'deleting') {
      this.#deletion = answer;
      this.#situation = { deleting: true };
      this.state = {
        ...this.state,
        generation: answer.generation,
        inventory: placed(this.state.inventory, answer.places),
      };
      return 'seen';
    }
    const plan = viewOf(answer, this.state);
    if (answer.accepted) this.state = { ...this.state, conditions: answer.accepted };
    this.state = foldPlanned(this.state, plan, Date.now());
    this.#situation = { plan };
    return 'seen';
  }

  async #rollOut(): Promise<Rest> {
    for (;;) {
      const { plan, failure } = this.#situation;
      if (!plan || failure) return this.#rest(Date.now() + LOOK_AGAIN_MS * (failure?.passes ? 1 : 6));
      const step = nextStep(plan, this.state, Date.now());
      this.state = foldProgress(this.state, plan, Date.now());
      this.#situation = { ...this.#situation, step };
      if (step.kind === 'wait') return this.#rest(step.wakeAt);
      try {
        this.state = await this.#executor.execute(step, plan, this.state, this.#editors);
      } catch (error) {
        if (isPlanStale(error)) this.#situation = {};
        else this.#situation = { ...this.#situation, failure: failureOf(error, plan.generation) };
      }
      if ((this.#inbox.hasNews || !this.#situation.plan) && (await this.#look(this.#inbox.take())) === 'gone')
        return { kind: 'gone' };
      if (this.#deletion) return this.#tearDown(this.#deletion);
    }
  }

  async #tearDown({ uid, held, orphan, cleanUp }: Deletion): Promise<Rest> {
    const { resource } = this.#input;
    try {
      if (!held) return await this.#rest(undefined);
      if (orphan) {
        await write(`let go of ${this.#title}`).removeFinalizer(resource, uid);
        return { kind: 'gone' };
      }
      if (cleanUp && !this.state.cleanedUp) {
        await author(`onDelete of ${this.#title}`).cleanUp(resource);
        this.state = { ...this.state, cleanedUp: true };
      }
      for (;;) {
        const step = nextTeardown(this.state);
        if (step.kind === 'done') {
          await write(`let go of ${this.#title}`).removeFinalizer(resource, uid);
          return { kind: 'gone' };
        }
        if (step.kind === 'wait') {
          this.#situation = { deleting: true, step };
          if (!this.#inbox.hasNews) return await this.#rest(Date.now() + TEARDOWN_LOOK_MS);
          if ((await this.#look(this.#inbox.take())) === 'gone') return { kind: 'gone' };
          continue;
        }
        const items = step.keys.map((key) => this.#pruneItem(key));
        const outcomes = await write(`delete ${step.keys.map(titleOf).join(', ')}`).pruneObjects(
          resource,
          items,
        );
        this.state = foldPruned(this.state, outcomes);
      }
    } catch (error) {
      this.#situation = { deleting: true, failure: failureOf(error, this.state.generation) };
      return this.#rest(Date.now() + LOOK_AGAIN_MS);
    }
  }

  #pruneItem(key: ObjectKey): { key: ObjectKey; uid: string; retain?: true } {
    const entry = this.state.inventory[key];
    return { key, uid: entry?.uid ?? '', ...(entry?.retain ? { retain: true as const } : {}) };
  }

  async #rest(wakeAt: number | undefined): Promise<Rest> {
    const reported = await this.#reporter.report({ ...this.#situation, state: this.state });
    this.state = reported.state;
    if (!reported.written) log.warn('the status could not be written, and will be written later');
    const retryAt = reported.written ? undefined : Date.now() + LOOK_AGAIN_MS;
    const times = [wakeAt, retryAt].filter((at) => at !== undefined);
    return {
      kind: 'rest',
      why: this.status.summary.slice(0, 190),
      ...(times.length > 0 ? { wakeAt: Math.min(...times) } : {}),
    };
  }
}

/** The whole plan: what the answer says is new, and for the rest what the inventory knows. */
function viewOf(answer: Extract<PlanAnswer, { kind: 'planned' }>, state: ReconcileState): PlanView {
  const { kind: _, changed, removed, accepted: _accepted, recovered: _recovered, ...view } = answer;
  const known = Object.entries(state.inventory)
    .filter(([key]) => !removed.includes(key))
    .map(([key, { digest, template, role, stage, retain }]) => [
      key,
      {
        key,
        digest,
        ...(template ? { template } : {}),
        ...(role ? { role } : {}),
        ...(stage === undefined ? {} : { stage }),
        ...(retain ? { retain } : {}),
      },
    ]);
  return {
    ...view,
    refs: { ...Object.fromEntries(known), ...Object.fromEntries(changed.map((ref) => [ref.key, ref])) },
  };
}

function placed(
  inventory: ReconcileState['inventory'],
  places: Readonly<Record<ObjectKey, number>>,
): ReconcileState['inventory'] {
  return Object.fromEntries(
    Object.entries(inventory).map(([key, entry]) => [
      key,
      key in places ? { ...entry, stage: places[key] ?? 0 } : entry,
    ]),
  );
}
