import type { Impersonation } from './kubeconfig-files.ts';

/** The headers by which a request is made in the name of another user, as client-go writes them. */
export function impersonationHeaders({
  user,
  uid,
  groups,
  extra,
}: Impersonation): Readonly<Record<string, string | string[]>> {
  return {
    'Impersonate-User': user,
    ...(uid ? { 'Impersonate-Uid': uid } : {}),
    ...(groups.length > 0 ? { 'Impersonate-Group': [...groups] } : {}),
    ...Object.fromEntries(
      Object.entries(extra).map(([key, values]) => [`Impersonate-Extra-${escaped(key)}`, [...values]]),
    ),
  };
}

/** A key may hold any character, and the name of a header only some. */
function escaped(key: string): string {
  return Array.from(Buffer.from(key), (byte) => {
    const character = String.fromCharCode(byte);
    return /[\w!#$&'*+.^`|~-]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
  }).join('');
}
