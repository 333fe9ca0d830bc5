import { shortHash } from '../core/hash.ts';
import type { Config } from './config.ts';

/**
 * Names the Lease and the task queue of a program: programs of one operator that watch other namespaces do other work, with other
 * rights, and none stands in for another.
 */
export function divisionOf(operator: string, { allowed, denied = [] }: Config['namespaces']): string {
  if (!allowed && denied.length === 0) return operator;
  return `${operator}-${shortHash(JSON.stringify([allowed?.toSorted(), denied.toSorted()]))}`;
}
