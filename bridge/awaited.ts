import type { Health } from '../core/health/health.ts';
import type { ResourceRef } from '../core/refs.ts';
import { workflowIdOf } from '../core/refs.ts';
import type { News } from './news.ts';
import { NEWS } from './news.ts';
import type { OwnedObject } from './owned-objects.ts';

/** An object as the API server answered when it was applied. */
export interface AppliedObject {
  readonly uid: string;
  readonly generation: number;
}

export interface AwaitOptions {
  readonly atMostMs: number;
  readonly signal: AbortSignal;
}

/** News of objects for whoever just applied them. */
export interface ObjectFollower {
  /**
   * Resolves when every object is Current as it was applied; sooner when one of them needs a look, or the resource asks for
   * something else; at the latest after `atMostMs`. Answers with the verdicts of then, by uid; an object of which nothing was
   * heard since it was applied is not among them.
   *
   * **Guarantees**: what became Current is told by the answer or by a hint, whatever happens in between.
   */
  untilCurrent(
    resource: ResourceRef,
    objects: readonly AppliedObject[],
    options: AwaitOptions,
  ): Promise<ReadonlyMap<string, Health>>;
}

/** One who waits for several objects of a resource. */
interface Wait {
  readonly workflowId: string;
  /** Generations by uid of what is not Current yet. */
  readonly left: Map<string, number>;
  readonly end: () => void;
}

/** The objects that activities of this process wait for, right after applying them. What they wait for is no news to anybody else. */
export class Awaited implements ObjectFollower {
  readonly #lastHeard: (uid: string) => OwnedObject | undefined;
  readonly #waits = new Set<Wait>();
  #isStopped = false;

  /** @param lastHeard answers with the object of a uid as it was last heard of. */
  constructor(lastHeard: (uid: string) => OwnedObject | undefined) {
    this.#lastHeard = lastHeard;
  }

  async untilCurrent(
    resource: ResourceRef,
    objects: readonly AppliedObject[],
    { atMostMs, signal }: AwaitOptions,
  ): Promise<ReadonlyMap<string, Health>> {
    const left = objects.filter((each) => this.#verdictOf(each)?.state !== 'Current');
    if (left.length > 0 && !signal.aborted && !this.#isStopped) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const end = (): void => resolve();
      const wait: Wait = {
        workflowId: workflowIdOf(resource),
        left: new Map(left.map(({ uid, generation }) => [uid, generation])),
        end,
      };
      this.#waits.add(wait);
      const timer = setTimeout(end, atMostMs);
      signal.addEventListener('abort', end, { once: true });
      await promise;
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      // From here to the answer nothing is heard; what is heard later is told by hints.
      this.#waits.delete(wait);
    }
    return new Map(
      objects.flatMap((each) => {
        const verdict = this.#verdictOf(each);
        return verdict ? [[each.uid, verdict] as const] : [];
      }),
    );
  }

  /** Whether somebody waits for this news, so that nobody else need be told. */
  take(news: News, { lean: { uid }, generation = 0, verdict }: OwnedObject): boolean {
    let isAwaited = false;
    for (const { left, end } of this.#waits) {
      const applied = left.get(uid);
      if (applied === undefined) continue;
      const isCurrent = news === NEWS.Turned && verdict.state === 'Current';
      if (isCurrent) isAwaited = true;
      if (isCurrent && generation >= applied) left.delete(uid);
      const needsLook = !isCurrent && news !== NEWS.Lingers;
      if (left.size === 0 || needsLook) end();
    }
    return isAwaited;
  }

  /** The resource asks for something else: what was applied for it is to be looked at again. */
  interrupt(workflowId: string): void {
    for (const wait of this.#waits) if (wait.workflowId === workflowId) wait.end();
  }

  /** Nothing is heard any more: what is still awaited is found by whoever watches next. */
  stop(): void {
    this.#isStopped = true;
    for (const { end } of this.#waits) end();
  }

  #verdictOf({ uid, generation }: AppliedObject): Health | undefined {
    const known = this.#lastHeard(uid);
    return known && (known.generation ?? 0) >= generation ? known.verdict : undefined;
  }
}
