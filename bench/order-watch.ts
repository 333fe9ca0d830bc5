import type { Workloads } from './workloads.ts';

/** Watches that no workload is changed before those ahead of it are done. */
export class OrderWatch {
  readonly #workloads: Workloads;
  readonly #nodes: readonly string[];
  readonly #before: ReadonlyMap<string, number>;
  readonly #breaches: string[] = [];
  readonly #changed = new Set<string>();
  readonly end: () => void;

  /** @param before the generation of each workload before the upgrade. */
  constructor(workloads: Workloads, nodes: readonly string[], before: ReadonlyMap<string, number>) {
    this.#workloads = workloads;
    this.#nodes = nodes;
    this.#before = before;
    this.end = workloads.onChange((resource) => this.#look(resource));
  }

  assertKept(): void {
    const [first] = this.#breaches;
    if (first) throw new Error(`the order was broken ${this.#breaches.length} times: ${first}`);
  }

  #look(resource: string): void {
    const all = new Map(this.#workloads.of(resource).map((each) => [each.name, each]));
    let waiting: string | undefined;
    for (const node of this.#nodes) {
      const name = `${resource}-${node}`;
      const workload = all.get(name);
      const isChanged = (workload?.generation ?? 0) > (this.#before.get(name) ?? 0);
      if (isChanged && waiting && !this.#changed.has(name))
        this.#breaches.push(`${name} was changed before ${waiting} was done`);
      if (isChanged) this.#changed.add(name);
      if (!isChanged || !workload?.isDone) waiting ??= name;
    }
  }
}
