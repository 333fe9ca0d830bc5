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
  /**
   * Resolves when every object is gone, or the resource asks for something else, at the latest after `atMostMs`. Answers with the
   * uids of those that went meanwhile. Whoever deletes asks first, so that nothing goes unheard.
   *
   * **Guarantees**: what went is told by the answer or by a hint, whatever happens in between.
   */
  untilGone(
    resource: ResourceRef,
    uids: readonly string[],
    options: AwaitOptions,
  ): Promise<ReadonlySet<string>>;
}

/** One who waits for several objects of a resource. */
interface Wait {
  readonly workflowId: string;
  /** By uid, what is awaited of it: to be Current at a generation, or to be gone. */
  readonly left: Map<string, number | 'gone'>;
  readonly end: () => void;
}

/** The objects that activities of this process applied or deleted, and wait for. What they wait for is no news to anybody else. */
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
    options: AwaitOptions,
  ): Promise<ReadonlyMap<string, Health>> {
    const left = objects.filter((each) => this.#verdictOf(each)?.state !== 'Current');
    await this.#wait(resource, new Map(left.map(({ uid, generation }) => [uid, generation])), options);
    // From here to the answer nothing is heard; what is heard later is told by hints.
    return new Map(
      objects.flatMap((each) => {
        const verdict = this.#verdictOf(each);
        return verdict ? [[each.uid, verdict] as const] : [];
      }),
    );
  }

  async untilGone(
    resource: ResourceRef,
    uids: readonly string[],
    options: AwaitOptions,
  ): Promise<ReadonlySet<string>> {
    // Of what it does not know, nothing will be heard.
    const known = uids.filter((uid) => this.#lastHeard(uid));
    const left = new Map(known.map((uid) => [uid, 'gone' as const]));
    await this.#wait(resource, left, options);
    return new Set(known.filter((uid) => !left.has(uid)));
  }

  /** Whether somebody waits for this news, so that nobody else need be told. */
  take(news: News, { lean: { uid }, generation = 0, verdict }: OwnedObject): boolean {
    let isAwaited = false;
    for (const { left, end } of this.#waits) {
      const awaited = left.get(uid);
      if (awaited === undefined) continue;
      const isCurrent = news === NEWS.Turned && verdict.state === 'Current';
      const isWhatItWaitsFor = awaited === 'gone' ? news === NEWS.Gone : isCurrent;
      if (isWhatItWaitsFor) isAwaited = true;
      if (isWhatItWaitsFor && (awaited === 'gone' || generation >= awaited)) left.delete(uid);
      const needsLook = awaited !== 'gone' && !isCurrent && news !== NEWS.Lingers;
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

  /** Until nothing of what is left is, or the wait is ended. */
  async #wait(resource: ResourceRef, left: Wait['left'], { atMostMs, signal }: AwaitOptions): Promise<void> {
    if (left.size === 0 || signal.aborted || this.#isStopped) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = (): void => resolve();
    const wait: Wait = { workflowId: workflowIdOf(resource), left, end };
    this.#waits.add(wait);
    const timer = setTimeout(end, atMostMs);
    signal.addEventListener('abort', end, { once: true });
    await promise;
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    this.#waits.delete(wait);
  }

  #verdictOf({ uid, generation }: AppliedObject): Health | undefined {
    const known = this.#lastHeard(uid);
    return known && (known.generation ?? 0) >= generation ? known.verdict : undefined;
  }
}
