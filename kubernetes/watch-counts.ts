import type { WatchState } from './watcher.ts';

/** How a kind was listed: in the watch itself (`sendInitialEvents`), or page by page. */
export type ListedBy = 'stream' | 'pages';

/** What a watch has been through since it began; every number only grows. */
export interface WatchCounts {
  /** How often each state was entered. */
  readonly states: Readonly<Partial<Record<WatchState, number>>>;
  /** Lists that came to their end. */
  readonly lists: Readonly<Partial<Record<ListedBy, number>>>;
  /** Of each type that the server sent; the objects of a list are not among them. */
  readonly events: Readonly<Record<string, number>>;
  /** By reason: `Expired`, `Unreachable`, `Forbidden`. */
  readonly failures: Readonly<Record<string, number>>;
}

/** Counts by name. */
export class Tally<Name extends string = string> {
  readonly #counts: Partial<Record<Name, number>> = {};

  add(name: Name): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + 1;
  }

  get counts(): Partial<Record<Name, number>> {
    return { ...this.#counts };
  }
}
