import { createHmac, randomBytes } from 'node:crypto';
import type { Manifest } from '../core/manifest.ts';
import { contentDigest } from '../core/plan/digests.ts';
import { STATUS_REASONS } from '../core/reasons.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import { digest, DIGEST_LENGTH } from './digest.ts';

/** Digests what pods read of a ConfigMap or a Secret of somebody else. */
export type DigestContent = (object: Manifest) => Promise<string>;

export interface ContentDigestsOptions {
  readonly api: Pick<KubernetesApi, 'get' | 'create'>;
  readonly operator: string;
  /** Where the key lies: the operator's own namespace. */
  readonly namespace: string;
}

const KEY_BYTES = 32;
const FIELD = 'key';

/**
 * Digests of Secrets reach histories and annotations, so they are keyed: whoever reads them there cannot try out what a short
 * password may be. The key is made once, lies in a Secret of the operator's own namespace, and is read when it is first needed.
 */
export function createContentDigests({ api, operator, namespace }: ContentDigestsOptions): DigestContent {
  const ref = { group: '', kind: 'Secret', namespace, name: `${operator}-digest-key` };
  let key: Promise<Buffer> | undefined;
  const readKey = async (): Promise<Buffer> => {
    const found = (await api.get(ref)) ?? (await makeKey());
    const data = found['data'] as Readonly<Record<string, string>> | undefined;
    const bytes = Buffer.from(data?.[FIELD] ?? '', 'base64');
    if (bytes.length < KEY_BYTES)
      throw new StatusError(
        `Secret ${namespace}/${ref.name} has no key of ${KEY_BYTES} bytes in data.${FIELD}; delete it, and a new one is made`,
        { code: 422, reason: STATUS_REASONS.Invalid },
      );
    return bytes;
  };
  const makeKey = async (): Promise<Manifest> => {
    const data = { [FIELD]: randomBytes(KEY_BYTES).toString('base64') };
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
  return async (object) => {
    const content = contentDigest(object, digest);
    if (object.kind !== 'Secret') return content;
    key ??= readKey();
    try {
      return createHmac('sha256', await key)
        .update(content)
        .digest('hex')
        .slice(0, DIGEST_LENGTH);
    } catch (error) {
      key = undefined;
      throw error;
    }
  };
}
