/**
 * Digests of what is secret reach histories, names and annotations, where a plain one would be a value for whoever tries
 * out short ones. A seal makes of it a digest that says as much and tells nothing; its key comes from outside
 * (`activities/digest-key.ts`).
 */
import type { ObjectKey } from '../refs.ts';

export type Seal = (digest: string) => string;

/** Of a plan that is shown to a person or a test, and carried out by nobody. */
export const UNSEALED: Seal = (digest) => digest;

export function isSecret(key: ObjectKey): boolean {
  return key.startsWith('Secret/');
}

/** What seals the digests of an object. */
export function sealOf(key: ObjectKey, seal: Seal): Seal {
  return isSecret(key) ? seal : UNSEALED;
}
