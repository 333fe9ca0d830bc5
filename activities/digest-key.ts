import { createHmac, randomBytes } from 'node:crypto';
import type { Manifest } from '../core/manifest.ts';
import type { Seal } from '../core/plan/seal.ts';
import { STATUS_REASONS } from '../core/reasons.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import { DIGEST_LENGTH } from './digest.ts';

/** The key of an installation, as what is done with it. */
export interface DigestKey {
  /** The same function for as long as the key is the same. */
  seal(): Promise<Seal>;
}

export interface DigestKeyOptions {
  readonly api: Pick<KubernetesApi, 'get' | 'create'>;
  readonly operator: string;
  /** Where the key lies: the operator's own namespace. */
  readonly namespace: string;
  /** A clock that never goes back, in milliseconds. */
  readonly now?: () => number;
}

const KEY_BYTES = 32;
const FIELD = 'key';
/** How long a key is trusted that was read: workers must agree about one that somebody replaced. */
export const KEY_TRUSTED_MS = 60_000;

/** What tells one key from another, and nothing of it. */
export function nameOfKey(seal: Seal): string {
  return seal('the key itself');
}

/**
 * Digests of Secrets reach histories, names and annotations, so they are keyed: whoever reads them there cannot try out what a
 * short password may be. The key is made once, lies in a Secret of the operator's own namespace, and is read when it is first
 * needed. One that somebody deletes is put back by a worker that knows it.
 */
export function createDigestKey(options: DigestKeyOptions): DigestKey {
  const { now = () => performance.now() } = options;
  let known: { readonly key: Buffer; readonly seal: Seal } | undefined;
  let read: { readonly at: number; readonly seal: Promise<Seal> } | undefined;
  const look = async (): Promise<Seal> => {
    const key = await readKey(options, known?.key);
    if (!known?.key.equals(key)) known = { key, seal: sealWith(key) };
    return known.seal;
  };
  return {
    async seal() {
      if (!read || now() - read.at >= KEY_TRUSTED_MS) read = { at: now(), seal: look() };
      const { seal } = read;
      try {
        return await seal;
      } catch (error) {
        if (read?.seal === seal) read = undefined;
        throw error;
      }
    },
  };
}

function sealWith(key: Buffer): Seal {
  return (digest) => createHmac('sha256', key).update(digest).digest('hex').slice(0, DIGEST_LENGTH);
}

/** @param known what the key was a moment ago. */
async function readKey(
  { api, operator, namespace }: DigestKeyOptions,
  known: Buffer | undefined,
): Promise<Buffer> {
  const ref = { group: '', kind: 'Secret', namespace, name: `${operator}-digest-key` };
  const makeKey = async (): Promise<Manifest> => {
    const data = { [FIELD]: (known ?? randomBytes(KEY_BYTES)).toString('base64') };
    const metadata = { name: ref.name, namespace };
    try {
      return await api.create({ apiVersion: 'v1', kind: 'Secret', metadata, data });
    } catch (error) {
      // Another worker was faster: its key is everybody's.
      const isThere = error instanceof StatusError && error.reason === STATUS_REASONS.AlreadyExists;
      const found = isThere ? await api.get(ref) : undefined;
      if (!found) throw error;
      return found;
    }
  };
  const found = (await api.get(ref)) ?? (await makeKey());
  const data = found['data'] as Readonly<Record<string, string>> | undefined;
  const bytes = Buffer.from(data?.[FIELD] ?? '', 'base64');
  if (bytes.length >= KEY_BYTES) return bytes;
  throw new StatusError(
    `Secret ${namespace}/${ref.name} has no key of ${KEY_BYTES} bytes in data.${FIELD}; put back the one it had, or delete it, and another is made`,
    { code: 422, reason: STATUS_REASONS.Invalid },
  );
}
