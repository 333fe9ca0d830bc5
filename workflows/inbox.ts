import type { Hint } from '../core/hint.ts';
import { mergeHints } from '../core/hint.ts';

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

  /** About the resource itself, or about anything. */
  get hasNewsOfResource(): boolean {
    return this.#hint?.resource !== undefined || this.#hint?.resync === true;
  }

  take(): Hint {
    const hint = this.#hint ?? {};
    this.#hint = undefined;
    return hint;
  }
}
