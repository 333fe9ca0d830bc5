import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import { currentTime, passTo } from './clock.ts';

/**
 * One durable timer for all deadlines of a workflow. Setting a later time keeps the timer that runs: it rings early, to no
 * harm, and a rollout of many stages costs one timer and not one a stage.
 */
export class Alarm {
  #ringsAt: number | undefined;
  #scope: CancellationScope | undefined;
  #hasRung = false;

  get hasRung(): boolean {
    return this.#hasRung;
  }

  /** Rings at `at` (epoch milliseconds) or before; `undefined` silences it. */
  set(at: number | undefined, summary: string): void {
    this.#hasRung = false;
    if (at === undefined) return this.#silence();
    if (this.#ringsAt !== undefined && this.#ringsAt <= at) return;
    this.#silence();
    this.#ringsAt = at;
    const scope = new CancellationScope();
    this.#scope = scope;
    scope
      .run(() => sleep(Math.max(at - currentTime(), 1), { summary }))
      .then(() => {
        if (this.#scope !== scope) return;
        this.#hasRung = true;
        this.#ringsAt = undefined;
        passTo(at);
        this.#scope = undefined;
      })
      .catch((error: unknown) => {
        if (!isCancellation(error)) throw error;
      });
  }

  #silence(): void {
    this.#scope?.cancel();
    this.#scope = undefined;
    this.#ringsAt = undefined;
  }
}
