import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import { currentTime, passTo } from './clock.ts';

/** What goes on beside a call of operator code. */
export interface Beside {
  /** Something arrived that may make the call unwanted. */
  hasNews(): boolean;
  /** Takes it up. Answers whether the call is still wanted. */
  takeUp(): Promise<boolean>;
  /** When the status must say that the call runs, in epoch milliseconds. */
  readonly tellAt: number | undefined;
  tell(): Promise<void>;
}

/**
 * Calls of the code of an operator's author, one at a time for a resource. News is taken up beside them, and a call that is no longer
 * wanted is cancelled and not waited for.
 */
export class OperatorCalls {
  /** Calls that were given up and may still run. */
  #ending: Promise<void> | undefined;

  /** Whether no call that was given up may still run. */
  get areOver(): boolean {
    return this.#ending === undefined;
  }

  /** @returns what the call answered, or undefined when it was given up. */
  async run<Answer>(
    call: () => Promise<Answer>,
    beside: Beside,
  ): Promise<{ readonly answer: Answer } | undefined> {
    const scope = new CancellationScope();
    let isOver = false;
    const running = scope
      .run(async () => {
        await this.#ending;
        return { answer: await call() };
      })
      .finally(() => (isOver = true));
    running.catch(() => undefined);
    let { tellAt } = beside;
    while (!isOver) {
      const isAwake = (): boolean => isOver || beside.hasNews();
      if (tellAt === undefined) await condition(isAwake);
      else if (!(await condition(isAwake, Math.max(tellAt - currentTime(), 1)))) {
        passTo(tellAt);
        tellAt = undefined;
        await beside.tell();
      }
      if (isOver || !beside.hasNews() || (await beside.takeUp())) continue;
      // It may have answered meanwhile: what it did is done.
      if (isOver) break;
      scope.cancel();
      this.#forget(running);
      return undefined;
    }
    return running;
  }

  #forget(running: Promise<unknown>): void {
    const ending = running.then(
      () => undefined,
      (error: unknown) => {
        if (!isCancellation(error)) return;
      },
    );
    this.#ending = ending;
    void ending.then(() => {
      if (this.#ending === ending) this.#ending = undefined;
    });
  }
}
