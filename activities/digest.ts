import objectHash from 'object-hash';

/** Enough to tell contents apart, short enough for an inventory. */
export const DIGEST_LENGTH = 16;

/**
 * Digests what the API server would be sent: the JSON form, so that an absent field and an undefined one, a Date and its
 * string, a shared object and its copy are the same (object-hash tells each of these pairs apart).
 */
export function digest(value: unknown): string {
  const normalised: unknown = JSON.parse(JSON.stringify(value) ?? 'null');
  return objectHash(normalised as objectHash.NotUndefined, { algorithm: 'sha256', respectType: false }).slice(
    0,
    DIGEST_LENGTH,
  );
}
