/**
 * Whether an object at `version` is at least as new as one at `other`: the API server counts its versions in decimal numbers without
 * a leading zero. What is no such number can only be the same.
 */
export function isAtLeast(version: string, other: string): boolean {
  if (version === other) return true;
  if (!isCount(version) || !isCount(other)) return false;
  return version.length === other.length ? version > other : version.length > other.length;
}

function isCount(version: string): boolean {
  return /^[1-9]\d*$/.test(version);
}
