/** Nobody tells when something behind an API changes, so it is looked at: soon at first, then ever more slowly. */
const SOONEST_LOOK_MS = 2_000;
const LATEST_LOOK_MS = 300_000;

/** Both in epoch milliseconds. */
export function nextLook(since: number, now: number): number {
  return now + Math.min(Math.max((now - since) / 2, SOONEST_LOOK_MS), LATEST_LOOK_MS);
}
