/**
 * Whose turn it is: the most urgent first, and among equals one flow after the other, so that a flow of many takes no more
 * turns than a flow of one. Every eighth turn is that of the least urgent, so that nothing waits for ever.
 */
export class FairQueue<Item> {
  /** By urgency, least number first; each with its flows in the order of their turns. */
  readonly #levels: Map<string, Item[]>[] = [];
  #size = 0;
  #turns = 0;

  get size(): number {
    return this.#size;
  }

  /** @param urgency a small number; the most urgent is 0 */
  push(item: Item, flow: string, urgency: number = 0): void {
    while (this.#levels.length <= urgency) this.#levels.push(new Map());
    const level = this.#levels[urgency];
    const line = level?.get(flow);
    if (line) line.push(item);
    else level?.set(flow, [item]);
    this.#size++;
  }

  /** @param least nothing that is less urgent than this */
  shift(least: number = Infinity): Item | undefined {
    if (this.#size === 0) return undefined;
    const levels = this.#levels.slice(0, least + 1).filter(({ size }) => size > 0);
    const level = ++this.#turns % TURNS_OF_THE_URGENT === 0 ? levels.at(-1) : levels[0];
    const [turn] = level ?? [];
    if (!level || !turn) return undefined;
    const [flow, line] = turn;
    const item = line.shift();
    level.delete(flow);
    if (line.length > 0) level.set(flow, line);
    this.#size--;
    return item;
  }

  /** Takes out all of which it is so, and answers with them. */
  take(isSo: (item: Item) => boolean): readonly Item[] {
    const taken: Item[] = [];
    for (const level of this.#levels)
      for (const [flow, line] of level) {
        const rest: Item[] = [];
        for (const item of line) (isSo(item) ? taken : rest).push(item);
        if (rest.length > 0) level.set(flow, rest);
        else level.delete(flow);
      }
    this.#size -= taken.length;
    return taken;
  }
}

const TURNS_OF_THE_URGENT = 8;
