/**
 * What goes back and forth is told ever less often. Health that a resource's objects had before at the same generation is no change:
 * the first few times it is told at once, then after pauses that double, and after a minute of calm at once again.
 *
 * **Guarantees**: what is held is told after {@link LONGEST_PAUSE_MS} at most, so the last state is always told. A failure for a reason
 * that was not there before is never held.
 */
import type { ObjectKey } from '../core/refs.ts';
import type { News } from './news.ts';
import { NEWS } from './news.ts';
import type { OwnedObject } from './owned-objects.ts';

/** How many are told at once: a node that is drained, and pods that restart with it. */
export const FREE_FLAPS = 4;
const FIRST_PAUSE_MS = 2_000;
export const LONGEST_PAUSE_MS = 30_000;
export const CALM_MS = 60_000;

/** Of one resource. */
interface Damper {
  told: number;
  dueAt: number;
  readonly held: Set<ObjectKey>;
  due: NodeJS.Timeout | undefined;
  calm: NodeJS.Timeout | undefined;
}

export class Flaps {
  readonly #tell: (workflowId: string, keys: readonly ObjectKey[]) => void;
  readonly #dampers = new Map<string, Damper>();
  /** By uid, what an object that was not well has been at its generation. */
  readonly #been = new Map<
    string,
    { readonly generation: number | undefined; readonly states: Set<string> }
  >();

  constructor(tell: (workflowId: string, keys: readonly ObjectKey[]) => void) {
    this.#tell = tell;
  }

  /** Whether this news is held; it is told later then. */
  holds(workflowId: string, news: News, object: OwnedObject, key: ObjectKey): boolean {
    if (!this.#isRepeat(news, object)) return false;
    const damper = this.#damperOf(workflowId);
    clearTimeout(damper.calm);
    damper.calm = setTimeout(() => this.#dampers.delete(workflowId), CALM_MS).unref();
    const now = performance.now();
    if (now >= damper.dueAt) {
      this.#count(damper, now);
      return false;
    }
    damper.held.add(key);
    damper.due ??= setTimeout(() => this.#flush(workflowId, damper), damper.dueAt - now).unref();
    return true;
  }

  /** What is held of a resource that is told something else now; it goes along. */
  take(workflowId: string): readonly ObjectKey[] {
    const damper = this.#dampers.get(workflowId);
    if (!damper || damper.held.size === 0) return [];
    clearTimeout(damper.due);
    damper.due = undefined;
    const keys = [...damper.held];
    damper.held.clear();
    return keys;
  }

  forget(uid: string): void {
    this.#been.delete(uid);
  }

  stop(): void {
    for (const [workflowId, damper] of this.#dampers) {
      clearTimeout(damper.calm);
      this.#flush(workflowId, damper);
    }
    this.#dampers.clear();
  }

  #isRepeat(news: News, { generation, verdict, lean: { uid } }: OwnedObject): boolean {
    const { state, reason } = verdict;
    const been = this.#been.get(uid);
    const isSame = been?.generation === generation;
    if (news !== NEWS.Left && state !== 'Failed' && !(been && isSame)) return false;
    const states = been && isSame ? been.states : new Set<string>();
    this.#been.set(uid, { generation, states });
    const now = news === NEWS.Left ? news : state === 'Failed' ? `${state} ${reason}` : state;
    if (states.has(now)) return true;
    states.add(now);
    return false;
  }

  #damperOf(workflowId: string): Damper {
    const known = this.#dampers.get(workflowId);
    if (known) return known;
    const damper = { told: 0, dueAt: -Infinity, held: new Set<ObjectKey>(), due: undefined, calm: undefined };
    this.#dampers.set(workflowId, damper);
    return damper;
  }

  #flush(workflowId: string, damper: Damper): void {
    const keys = this.take(workflowId);
    if (keys.length === 0) return;
    this.#count(damper, performance.now());
    this.#tell(workflowId, keys);
  }

  #count(damper: Damper, now: number): void {
    const doublings = damper.told++ - FREE_FLAPS + 1;
    damper.dueAt = doublings < 0 ? now : now + Math.min(FIRST_PAUSE_MS * 2 ** doublings, LONGEST_PAUSE_MS);
  }
}
