/** Times as status tells them; `now` is in epoch milliseconds. */

/** RFC 3339 in whole seconds, as Kubernetes writes times. {@link preciseTime} is for what is subtracted. */
export function rfc3339(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19)}Z`;
}

/** RFC 3339 in milliseconds. */
export function preciseTime(now: number): string {
  return new Date(now).toISOString();
}

/** When something ended that began at `startedAt`, and how long it took. */
export function finishedSince(
  startedAt: string,
  now: number,
): { readonly finishedAt: string; readonly seconds: number } {
  return {
    finishedAt: preciseTime(now),
    seconds: Math.max(0, Math.round((now - Date.parse(startedAt)) / 100) / 10),
  };
}
