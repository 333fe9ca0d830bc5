import type { PlanAnswer } from '../activities/index.ts';
import type { Hint } from '../core/hint.ts';
import { mergeHints } from '../core/hint.ts';
import type { ObjectKey } from '../core/refs.ts';
import { titleOfResource } from '../core/refs.ts';
import { foldSpent } from '../core/rollout/fold.ts';
import type { GateReply } from '../core/rollout/fold-passage.ts';
import type { ReconcileState } from '../core/rollout/state.ts';
import { NEW_STATE } from '../core/rollout/state.ts';
import { rfc3339 } from '../core/rollout/times.ts';
import type { Sight } from '../core/rollout/unread.ts';
import { foldSights, foldUnlisted, isListDue } from '../core/rollout/unread.ts';
import { foldOverwritten } from '../core/status/overwritten.ts';
import type { Situation } from '../core/status/verdict.ts';
import { look } from './activities.ts';
import { currentTime } from './clock.ts';
import type { Fold } from './executor.ts';
import { failureOf } from './failures.ts';
import type { Inbox } from './inbox.ts';
import { keysToLookAt, lookAt } from './look-targets.ts';
import type { ReconcileInput } from './messages.ts';
import { OperatorCalls } from './operator-calls.ts';
import { requestOf } from './plan-view.ts';
import type { Reporter } from './reporter.ts';
import { takeReread } from './reread.ts';
import { earliest } from './retry.ts';
import type { Deletion } from './take-up.ts';
import { takeUp } from './take-up.ts';

/** Operator code that answers soon, as a rule, is told of only when it takes longer. */
const LONG_CALL_MS = 5_000;

export interface CallOptions {
  readonly name: string;
  /** When the status says that it runs. */
  readonly tells: 'at once' | 'when it takes long' | 'never';
  readonly isWanted: () => Promise<boolean>;
}

/** Where news comes from, and where what is known goes to. */
export interface Channels {
  readonly inbox: Inbox;
  readonly reporter: Reporter;
}

/** What a workflow knows of its resource, and how it comes to know more; also while operator code runs. */
export class Outlook {
  state: ReconcileState;
  situation: Omit<Situation, 'state'> = {};
  deletion: Deletion | undefined;
  readonly editors: Map<ObjectKey, readonly string[]> = new Map();
  readonly #input: ReconcileInput;
  readonly #inbox: Inbox;
  readonly #reporter: Reporter;
  readonly #calls = new OperatorCalls();
  /** What a look that failed was pointed at. */
  #missed: Hint = {};

  constructor(input: ReconcileInput, state: ReconcileState | undefined, { inbox, reporter }: Channels) {
    this.#input = input;
    this.#inbox = inbox;
    this.#reporter = reporter;
    this.state = state ?? NEW_STATE;
  }

  get whole(): Situation {
    const { foreground, terminating } = this.deletion ?? {};
    const marks = { ...(foreground ? { foreground } : {}), ...(terminating ? { terminating } : {}) };
    return { ...this.situation, ...marks, state: this.state };
  }

  /** Whether no operator code that was given up may still be at work. */
  get isAlone(): boolean {
    return this.#calls.areOver;
  }

  /** Another resource under the same name is to be met without prejudice. */
  forget(): void {
    this.situation = {};
    this.deletion = undefined;
  }

  /** Nothing is known of what is wanted. */
  get isBlind(): boolean {
    return !this.situation.plan && !this.situation.failure && !this.deletion;
  }

  /** Reads what the hint points at. The first look, and one after a failure, reads the resource whatever the hint. */
  async look(fresh: Hint): Promise<'gone' | undefined> {
    const { failure, step } = this.situation;
    const hint = mergeHints(this.#missed, fresh);
    this.state = foldSpent(this.state, hint.spent ?? []);
    const now = currentTime();
    const planAgainAt = earliest(this.situation.plan?.validUntil, this.state.settling?.until);
    const isDue = (planAgainAt ?? Infinity) <= now || isListDue(this.state, now);
    const wantsPlan =
      this.isBlind || failure !== undefined || isDue || hint.resource !== undefined || hint.resync === true;
    const isDeleting = this.deletion !== undefined;
    const targets = keysToLookAt(hint, step, this.state, { isDeleting, now });
    const { inventory } = this.state;
    const plan = wantsPlan ? this.#plan(hint) : undefined;
    const looked = await lookAt(this.#input.resource, this.state, targets, plan);
    this.#missed = {};
    this.#see(looked.sights);
    const { answer, error } = looked;
    const gone = answer && this.#takeUpAfresh(answer, inventory);
    if (error === undefined || gone || (answer && this.deletion?.abandon)) return gone;
    // What is asked of the resource counts also when its objects cannot be read.
    this.#missed = hint;
    this.situation = { ...this.situation, failure: failureOf(error, this.state.generation) };
    return undefined;
  }

  #takeUpAfresh(answer: PlanAnswer, compared: ReconcileState['inventory']): 'gone' | undefined {
    const { failure: _, ...situation } = this.situation;
    this.situation = situation;
    const gone = this.#takeUp(answer, compared);
    this.state = takeReread(answer, this.state, this.#inbox);
    if (answer.kind !== 'gone') this.state = foldUnlisted(this.state, answer, currentTime());
    return gone;
  }

  #plan(hint: Hint): Promise<PlanAnswer> {
    const wanted = hint.resource ? `generation ${hint.resource.generation}` : 'as it is now';
    const request = requestOf(this.state, this.situation.plan?.version, hint);
    const { resource } = this.#input;
    return look(`${titleOfResource(resource)}, ${wanted}`).planResource({ resource, ...request });
  }

  #see(sights: readonly Sight[]): void {
    for (const seen of sights)
      if (seen.exists === true && seen.editors) this.editors.set(seen.key, seen.editors);
    this.state = foldSights(this.state, sights, currentTime());
  }

  #takeUp(answer: PlanAnswer, compared: ReconcileState['inventory']): 'gone' | undefined {
    if (answer.kind === 'gone') return 'gone';
    if (answer.overwritten) this.state = foldOverwritten(this.state, answer.overwritten);
    const { state, situation, deletion, isAnother } = takeUp(answer, this.whole, compared, currentTime());
    if (isAnother) this.editors.clear();
    if (answer.kind === 'planned' && answer.accepted) this.#reporter.wrote(answer.acceptedInMs ?? 0);
    this.state = state;
    if (!situation) return undefined;
    const { calling } = this.situation;
    this.situation = { ...situation, ...(calling ? { calling } : {}) };
    this.deletion = deletion;
    return undefined;
  }

  /** Calls operator code, and takes up what arrives meanwhile. */
  async call(call: () => Promise<Fold>, { name, tells, isWanted }: CallOptions): Promise<'gone' | undefined> {
    const calling = { name, since: rfc3339(currentTime()) };
    const say = async (): Promise<number | undefined> => {
      this.situation = { ...this.situation, calling };
      const { state, dueAt } = await this.#reporter.report(this.whole);
      this.state = state;
      return dueAt;
    };
    let isGone = false;
    const answered = await this.#calls.run(call, {
      hasNews: () => this.#inbox.hasNews,
      takeUp: async () => {
        isGone = (await this.look(this.#inbox.take())) !== undefined;
        return !isGone && (await isWanted());
      },
      tellAt:
        tells === 'at once' ? await say() : tells === 'never' ? undefined : currentTime() + LONG_CALL_MS,
      tell: async () => void (await say()),
    });
    const { calling: _, ...situation } = this.situation;
    this.situation = situation;
    if (answered) this.state = answered.answer(this.state);
    return isGone ? 'gone' : undefined;
  }

  /** Asks a gate in the middle of a step, unless something newer about the resource arrives before it answers. */
  async ask(call: () => Promise<GateReply>): Promise<GateReply> {
    const answered = await this.#calls.run(call, {
      hasNews: () => this.#inbox.hasNewsOfResource,
      takeUp: () => Promise.resolve(false),
      tellAt: undefined,
      tell: () => Promise.resolve(),
    });
    return answered?.answer ?? 'something newer is looked at first';
  }
}
