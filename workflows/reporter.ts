import { takesTurns } from '../core/plan/categories.ts';
import { OUR_REASONS } from '../core/reasons.ts';
import { rfc3339 } from '../core/rollout/times.ts';
import type { PlanFailure, ReconcileState } from '../core/rollout/state.ts';
import { setConditions } from '../core/status/conditions.ts';
import { newsOf } from '../core/status/news.ts';
import { scalerNews } from '../core/status/scaler-news.ts';
import type { Situation } from '../core/status/verdict.ts';
import { conditionsOf, marksOf, stageOf, statusOf } from '../core/status/report.ts';
import { summaryOf, verdictOf } from '../core/status/verdict.ts';
import { fingerprintOf } from '../core/status/written.ts';
import { foldWritten, overwrittenNews } from '../core/status/overwritten.ts';
import { currentTime } from './clock.ts';
import { look } from './activities.ts';
import type { ClusterStep } from './executor.ts';
import { failureOf } from './failures.ts';
import type { ReconcileInput } from './messages.ts';
import type { SearchIndex } from './search-index.ts';

/** What is known after a report; `failure`: why it could not be written. */
export interface Reported {
  readonly state: ReconcileState;
  readonly failure?: PlanFailure;
  /** When what was left unsaid is to be said; it says only that work goes on, and was written a moment ago. */
  readonly dueAt?: number;
}

/**
 * Most of an upgrade that takes a second would be writing about it, and no reader could follow. Where a write takes long the
 * servers are busy, and telling takes no more than a fiftieth of the time.
 */
const BETWEEN_WRITES_MS = { least: 1_000, most: 10_000, perMsOfWriting: 50 };

/** What may be waited for long, and is therefore said at once. */
const AWAITED: readonly string[] = [
  OUR_REASONS.GateClosed,
  OUR_REASONS.GateFailed,
  OUR_REASONS.HookFailed,
  OUR_REASONS.DependencyNotReady,
];

/**
 * Of a workload that takes longer than this, or than the pause between two writes, a workflow hears by a hint, and its status
 * says meanwhile what it waits for.
 */
const PATIENCE_MS = 5_000;

/** Writes the status when it differs from what was last written, and keeps the search attributes in step with it. */
export class Reporter {
  readonly #input: ReconcileInput;
  readonly #index: SearchIndex;
  #quietUntil = 0;
  #pauseMs: number = BETWEEN_WRITES_MS.least;

  constructor(input: ReconcileInput, index: SearchIndex) {
    this.#input = input;
    this.#index = index;
  }

  /** A status was written just now, in so long. By `planResource`, too, when it accepts a plan. */
  wrote(inMs: number): void {
    const { least, most, perMsOfWriting } = BETWEEN_WRITES_MS;
    this.#pauseMs = Math.min(Math.max(inMs * perMsOfWriting, least), most);
    this.#quietUntil = currentTime() + this.#pauseMs;
  }

  /**
   * Says what is about to be done, where it may take its time: steps of a rollout may follow each other without a rest. Answers
   * with how long the step may keep to itself what it finds, in milliseconds.
   */
  async announce(
    situation: Situation,
    step: ClusterStep,
  ): Promise<{ readonly state: ReconcileState; readonly patienceMs: number }> {
    const { state } = situation;
    // A repair that heals while readers would wait for the next status anyway is told by its event alone.
    if (!state.rollout) return { state, patienceMs: this.#pauseMs };
    const takesTime = step.kind === 'apply' && step.keys.some(takesTurns);
    if (!takesTime) return { state, patienceMs: 0 };
    const told = await this.report(situation);
    // What could not be said is said at the next rest, which must not be far.
    const silenceMs = told.failure ? 0 : (told.dueAt ?? Infinity) - currentTime();
    const longest = Math.max(PATIENCE_MS, this.#pauseMs);
    return { state: told.state, patienceMs: Math.min(silenceMs, longest) };
  }

  /** `at once`: what follows relies on it; else news that only says that work goes on may wait. */
  async report(situation: Situation, when?: 'at once'): Promise<Reported> {
    const { resource } = this.#input;
    const { state, failure } = situation;
    if (state.uid === undefined) return { state };
    const now = currentTime();
    const verdict = verdictOf(situation, now);
    const generation = failure?.generation ?? state.generation;
    const said = [...conditionsOf(verdict, generation), ...marksOf(situation, verdict, generation, now)];
    const conditions = setConditions(state.conditions, said, rfc3339(now));
    const status = statusOf(situation, conditions, resource.namespace);
    const hash = fingerprintOf(status);
    const { news: ofRollout, told } = newsOf(state.told, status, verdict, situation.plan, now);
    const ofScalers = scalerNews(state, situation.plan);
    const news = [...overwrittenNews(state), ...ofRollout, ...ofScalers.news];
    const ready = conditions.find(({ type }) => type === 'Ready')?.status ?? 'Unknown';
    if (hash === state.reported && news.length === 0) {
      this.#index.write(ready, stageOf(situation));
      return { state };
    }
    const canWait = verdict.phase === 'Progressing' && !AWAITED.includes(verdict.reason);
    if (when !== 'at once' && canWait && now < this.#quietUntil)
      return { state: { ...state, conditions }, dueAt: this.#quietUntil };
    this.#index.write(ready, stageOf(situation));
    try {
      const over = state.written ? { over: state.written.resourceVersion } : {};
      const report = { resource, uid: state.uid, status, ...over, news };
      const { inMs = 0, written } = (await look(summaryOf(verdict)).patchStatus(report)) ?? {};
      this.wrote(inMs);
      const known = written ? { written } : {};
      return {
        state: {
          ...foldWritten(state),
          conditions,
          reported: hash,
          ...known,
          told: { ...told, ...ofScalers.told },
        },
      };
    } catch (error) {
      // It may be written all the same, and then it is not what was reported before.
      const { reported: _, ...unsure } = state;
      return { state: { ...unsure, conditions }, failure: failureOf(error, generation) };
    }
  }
}
