import type { DesiredObject } from './objects.ts';

export interface OrderOptions {
  /**
   * How many workloads of one role change together: all, or so many at a time; `false` is one after the other.
   *
   * @defaultValue `false`
   */
  readonly parallel?: boolean | number;
  /**
   * The failure domain of a workload, for example its zone: the workloads of one role and one domain change together, the
   * domains one after the other, in the order of their first workload. With `parallel` a number, so many of a domain at a time.
   */
  readonly batchBy?: (workload: DesiredObject) => string;
}

/** Workloads whose disruptive changes happen role by role. Made by {@link inOrder}. */
export interface Ordered {
  readonly order: readonly string[];
  readonly workloads: readonly DesiredObject[];
  /** The workloads of one role in batches that change together, in order. */
  batches(workloads: readonly DesiredObject[]): readonly (readonly DesiredObject[])[];
}

/**
 * Orders the upgrades of `workloads` by their `role`, and the workloads of one role one after the other: each is awaited
 * until it is Current. Roles that `order` does not list come last, in the order of their first workload, and are never
 * dropped; a listed role that no workload has is reported.
 *
 * @throws TypeError when `parallel` is no whole number of at least 1.
 */
export function inOrder(
  order: readonly string[],
  workloads: readonly (DesiredObject | false | null | undefined)[],
  options: OrderOptions = {},
): Ordered {
  const wanted = workloads.filter((workload): workload is DesiredObject => Boolean(workload));
  const { parallel = options.batchBy !== undefined, batchBy = () => '' } = options;
  if (typeof parallel === 'number' && (!Number.isInteger(parallel) || parallel < 1))
    throw new TypeError(`inOrder: parallel is true, false or a whole number of at least 1, not ${parallel}`);
  const size = parallel === true ? Infinity : Number(parallel) || 1;
  const batches: Ordered['batches'] = (workloads) => {
    const domains = new Map<string, readonly DesiredObject[]>();
    for (const workload of workloads)
      domains.set(batchBy(workload), [...(domains.get(batchBy(workload)) ?? []), workload]);
    return Array.from(domains.values()).flatMap((domain) => chunks(domain, size));
  };
  return Object.freeze({ order, workloads: wanted, batches });
}

function chunks<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  if (items.length <= size) return [items];
  return [items.slice(0, size), ...chunks(items.slice(size), size)];
}
