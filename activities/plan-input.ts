/** What a plan was made from: tells a change of the resource from one of the operator's code, or of the key. */
import type { Restarts } from '../core/commands/restart.ts';
import type { Manifest } from '../core/manifest.ts';
import type { Contents, Rendered } from '../core/plan/digests.ts';
import { isSecret } from '../core/plan/seal.ts';
import { canonicalJson } from '../core/plan/text.ts';
import type { Memory, PlanInput } from '../core/rollout/course.ts';
import { digest } from './digest.ts';
import type { DigestKey } from './digest-key.ts';
import { nameOfKey } from './digest-key.ts';

export interface PlanSource {
  readonly manifest: Manifest;
  readonly contents: Contents;
  readonly rendered: Rendered;
  readonly restarts: Restarts;
}

/** The input of a plan, and what is remembered in the same terms. What is in a Secret of the resource may stand in its spec. */
export async function inputOf(
  { manifest, contents, rendered, restarts }: PlanSource,
  memory: Memory,
  key: DigestKey,
): Promise<{ readonly input: PlanInput; readonly memory: Memory }> {
  const plain = plainInput(manifest, contents, restarts);
  const keys = [...rendered.objects.keys(), ...Object.keys(contents)];
  if (!keys.some(isSecret)) return { input: plain, memory };
  const seal = await key.seal();
  const input = { ...plain, digest: seal(plain.digest), key: nameOfKey(seal) };
  const { good } = memory;
  // Remembered before such digests were sealed, or when nothing was secret yet.
  if (good?.input.key !== undefined || good?.input.digest !== plain.digest) return { input, memory };
  const { digest: sealed, key: name } = input;
  return {
    input,
    memory: { ...memory, good: { ...good, input: { ...good.input, digest: sealed, key: name } } },
  };
}

/** What `desired` may look at, and what pods read of others; commands of ours and what kubectl remembers do not make another plan. */
function plainInput(manifest: Manifest, contents: Contents, restarts: Restarts): PlanInput {
  const { labels = {}, annotations = {} } = manifest.metadata;
  const read = Object.entries(annotations).filter(
    ([name]) => !name.startsWith('durable-operator.dev/') && !name.startsWith('kubectl.kubernetes.io/'),
  );
  return {
    digest: digest([manifest['spec'], labels, Object.fromEntries(read), ...Object.entries(contents).sort()]),
    ...(Object.keys(restarts).length > 0 ? { restarts: canonicalJson(restarts) } : {}),
  };
}
