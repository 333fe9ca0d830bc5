/**
 * Keeps a workflow from turning without progress: whatever decides wrongly, and whoever fights for an object, a resource that takes
 * the same step again and again comes to a rest, and goes on ever more slowly.
 */
import type { Step } from './step.ts';
import type { PlanView, ReconcileState } from './state.ts';
import type { TeardownStep } from './teardown.ts';

/** What a turn was about. */
export interface Turn {
  readonly plan?: PlanView | undefined;
  readonly step?: Step | TeardownStep | undefined;
  readonly state: ReconcileState;
}

/** More often than this no pass takes one step of one plan. */
const MOST_REPEATS = 20;
/** A pass over a plan of `n` objects takes no more steps than `n` times the second after the first. */
const MOST_TURNS = [100, 20] as const;
/** A rest that is shorter than this is none when it is taken again and again. */
const SHORT_REST_MS = 1_000;
const FIRST_REST_MS = 20;
const LONGEST_REST_MS = 60_000;
/** So many short rests in a row are as good as any other. */
const FREE_RESTS = 10;

/** Of one workflow, from one rest to the next. */
export class Turns {
  readonly #repeats = new Map<string, number>();
  #taken = 0;
  #generation: number | undefined;
  #shortRests = 0;

  /** Counts a turn that ended without a rest. Answers why it must end with one, where it must. */
  take({ plan, step, state }: Turn): string | undefined {
    if (plan && plan.generation !== this.#generation) this.#begin(plan.generation);
    const name = nameOf({ plan, step, state });
    const repeats = (this.#repeats.get(name) ?? 0) + 1;
    this.#repeats.set(name, repeats);
    this.#taken += 1;
    const [least, each] = MOST_TURNS;
    const most = least + each * Object.keys({ ...plan?.refs, ...state.inventory }).length;
    if (repeats > MOST_REPEATS)
      return `${step?.kind ?? 'planning'} was repeated ${repeats} times without a rest`;
    return this.#taken > most ? `${this.#taken} steps were taken without a rest` : undefined;
  }

  /** @returns until when to rest, in epoch milliseconds, for one who would wake at `wakeAt`. */
  rest(wakeAt: number | undefined, now: number): number | undefined {
    this.#begin(this.#generation);
    if (wakeAt === undefined || wakeAt - now >= SHORT_REST_MS) this.#shortRests = 0;
    else this.#shortRests += 1;
    if (wakeAt === undefined || this.#shortRests <= FREE_RESTS) return wakeAt;
    const least = FIRST_REST_MS * 2 ** (this.#shortRests - FREE_RESTS);
    return Math.max(wakeAt, now + Math.min(least, LONGEST_REST_MS));
  }

  #begin(generation: number | undefined): void {
    this.#generation = generation;
    this.#repeats.clear();
    this.#taken = 0;
  }
}

function nameOf({ plan, step, state }: Turn): string {
  const reshaping = step?.kind === 'reshape' ? state.reshaping?.[step.key] : undefined;
  const stage = reshaping ? [reshaping.reason, reshaping.message] : [];
  return JSON.stringify([plan?.version ?? plan?.digest, step, ...stage]);
}
