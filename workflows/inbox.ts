import type { Hint } from './messages.ts';

/** Merges hints until they are taken: the newest resource, the union of the objects. Order and number do not matter. */
export class Inbox {
  #hint: Hint | undefined;

  constructor(carried: Hint | undefined) {
    this.#hint = carried;
  }

  add(hint: Hint): void {
    this.#hint = this.#hint ? mergeHints(this.#hint, hint) : hint;
  }

  get hasNews(): boolean {
    return this.#hint !== undefined;
  }

  /** Whether the resource itself is news, and not only its objects. */
  get resourceChanged(): boolean {
    return this.#hint?.resource !== undefined || this.#hint?.resync === true;
  }

  take(): Hint {
    const hint = this.#hint ?? {};
    this.#hint = undefined;
    return hint;
  }
}

export function mergeHints(older: Hint, newer: Hint): Hint {
  const resource = newer.resource ?? older.resource;
  const objects = [...new Set([...(older.objects ?? []), ...(newer.objects ?? [])])];
  return {
    ...(resource ? { resource } : {}),
    ...(objects.length > 0 ? { objects } : {}),
    ...(older.resync || newer.resync ? { resync: true } : {}),
  };
}
