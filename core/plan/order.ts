/** The stages of an order, and what is odd about its roles. */
import type { DesiredObject } from '../../api/objects.ts';
import type { Ordered } from '../../api/order.ts';
import { OTHER_ROLES } from '../../api/order.ts';
import type { ObjectKey } from '../refs.ts';

/** Workloads that change together. Several stages of one role follow each other. */
export interface Stage {
  readonly role: string;
  readonly workloads: readonly ObjectKey[];
}

export function stagesOf(ordered: Ordered, keyOf: (workload: DesiredObject) => ObjectKey): Stage[] {
  const { order, workloads } = ordered;
  const { unlisted } = strangersIn(ordered);
  const others = order.includes(OTHER_ROLES) ? order : [...order, OTHER_ROLES];
  const roles = new Set(others.flatMap((role) => (role === OTHER_ROLES ? unlisted : role)));
  return [...roles].flatMap((role) => {
    const members = workloads.filter((workload) => roleOf(workload) === role);
    const batches = members.length > 0 ? ordered.batches(members) : [];
    return batches.map((batch) => ({ role, workloads: batch.map(keyOf) }));
  });
}

function roleOf({ name, options }: DesiredObject): string {
  return options.role ?? name;
}

/** Roles that the order does not list, and listed ones that no workload has. */
function strangersIn({ order, workloads }: Ordered): Record<'unlisted' | 'unused', readonly string[]> {
  const roles = [...new Set(workloads.map(roleOf))];
  return {
    unlisted: roles.filter((role) => !order.includes(role)),
    unused: order.filter((role) => role !== OTHER_ROLES && !roles.includes(role)),
  };
}

export function roleWarnings(ordered: Ordered): readonly string[] {
  const { unlisted, unused } = strangersIn(ordered);
  const last = ordered.order.includes(OTHER_ROLES) ? [] : unlisted;
  return [
    ...last.map((role) => `role "${role}" is not in the order and comes last`),
    ...unused.map((role) => `role "${role}" is in the order and no workload has it`),
  ];
}

/** Either alone is how optional roles are written; both together are how a typo looks. */
export function orderTroubles(ordered: Ordered): readonly string[] {
  const { unlisted, unused } = strangersIn(ordered);
  if (unlisted.length === 0 || unused.length === 0 || ordered.order.includes(OTHER_ROLES)) return [];
  return [
    `the order lists ${quoted(unused)}, which no workload has, and not ${quoted(unlisted)}: ` +
      `correct the role, take it out of the order, or write "${OTHER_ROLES}" where all other roles belong`,
  ];
}

function quoted(roles: readonly string[]): string {
  return roles.map((role) => `"${role}"`).join(', ');
}
