import type { Named } from '../api/named.ts';
import { shortHash } from './hash.ts';

/** A StatefulSet's pods carry `<name>-<10 characters>` as a label value, which Kubernetes bounds to 63 characters. */
const LONGEST_NAME = 52;

/** The names of one resource's objects. A name that would be too long keeps its head and ends in a hash of the whole. */
export function namesOf(resource: string): Named {
  return (...words) => {
    const name = [resource, ...words].join('-').toLowerCase();
    return name.length <= LONGEST_NAME
      ? name
      : `${name.slice(0, LONGEST_NAME - 9).replace(/-+$/, '')}-${shortHash(name).slice(0, 8)}`;
  };
}
