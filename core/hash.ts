/**
 * A short, stable, non-cryptographic hash (cyrb53) for places where `crypto` cannot go: the workflow sandbox and the
 * pure rooms. 53 bits name things and notice change; they protect nothing. Objects are digested by `activities/digest.ts`.
 */
export function shortHash(text: string): string {
  let h1 = 0xdeadbeef;
  let h2 = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    h1 = Math.imul(h1 ^ unit, 2654435761);
    h2 = Math.imul(h2 ^ unit, 1597334677);
  }
  h1 = Math.imul(h1 ^ (h1 >>> 16), 2246822507) ^ Math.imul(h2 ^ (h2 >>> 13), 3266489909);
  h2 = Math.imul(h2 ^ (h2 >>> 16), 2246822507) ^ Math.imul(h1 ^ (h1 >>> 13), 3266489909);
  const low = (h1 >>> 0).toString(16).padStart(8, '0');
  const high = (h2 & 0x1fffff).toString(16).padStart(6, '0');
  return high + low;
}
