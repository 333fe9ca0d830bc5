import type { Named } from '../api/named.ts';
import { shortHash } from './hash.ts';

/** A StatefulSet's pods carry `<name>-<10 characters>` as a label value, which Kubernetes bounds to 63 characters. */
const LONGEST_NAME = 52;

const HASH_LENGTH = 8;
/** Of a name that is cut. */
const LONGEST_HEAD = LONGEST_NAME - HASH_LENGTH - 1;

/** The names of one resource's objects. A name that would be too long keeps its head and ends in a hash of the whole. */
export function namesOf(resource: string): Named {
  return (...words) => {
    const name = [resource, ...words].join('-').toLowerCase();
    return name.length <= LONGEST_NAME ? name : `${headOf(name)}-${shortHash(name).slice(0, HASH_LENGTH)}`;
  };
}

/** Whether a name says of which resource it is, as those of {@link namesOf} do. */
export function isNameOf(resource: string, name: string): boolean {
  return name === resource.toLowerCase() || name.startsWith(`${headOf(resource.toLowerCase())}-`);
}

function headOf(name: string): string {
  return name.slice(0, LONGEST_HEAD).replace(/-+$/, '');
}
