import { shortHash } from '../core/hash.ts';
import type { Namespaces } from './predicates.ts';

/**
 * Names the Lease and the task queue of a program: programs of one operator that watch other namespaces do other work, with other
 * rights, and none stands in for another.
 */
export function divisionOf(operator: string, { allowed, denied = [] }: Namespaces): string {
  if (!allowed && denied.length === 0) return operator;
  return `${operator}-${shortHash(JSON.stringify([allowed?.toSorted(), denied.toSorted()]))}`;
}

/** Whether it is the name of some division of the operator. */
export function isDivisionOf(operator: string, name: string): boolean {
  return name === operator || (name.startsWith(`${operator}-`) && HASH.test(name.slice(operator.length + 1)));
}

const HASH = new RegExp(`^[0-9a-f]{${shortHash('').length}}$`);
