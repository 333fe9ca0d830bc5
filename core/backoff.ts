/** How long to wait before something that failed is tried again: each further failure doubles the pause. */

/** The pause after the first failure, and the longest one; milliseconds. */
export type Pauses = readonly [first: number, longest: number];

/** @param failures in a row so far, at least 1. */
export function pauseAfter(failures: number, [first, longest]: Pauses): number {
  return Math.min(first * 2 ** (failures - 1), longest);
}
