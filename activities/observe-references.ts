import type { Manifest } from '../core/manifest.ts';
import { titleOf } from '../core/plan/categories.ts';
import type { Contents, PlannedRef } from '../core/plan/digests.ts';
import { contentDigest } from '../core/plan/digests.ts';
import type { Plan } from '../core/plan/plan.ts';
import type { Read } from '../core/plan/reads.ts';
import { isSecret, UNSEALED } from '../core/plan/seal.ts';
import type { Reason } from '../core/reasons.ts';
import { OUR_REASONS, STATUS_REASONS } from '../core/reasons.ts';
import type { ObjectKey } from '../core/refs.ts';
import { parseObjectKey } from '../core/refs.ts';
import type { SeenReference } from '../core/rollout/references.ts';
import { NOT_FOUND, readiness, seenOf } from '../core/seen.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import type { Dependencies } from './dependencies.ts';
import { digest } from './digest.ts';
import { failureOf } from './failure.ts';

/** What was seen of objects of others. */
export type References = Readonly<Record<ObjectKey, SeenReference>>;

/**
 * Looks at the resources that objects which are to be applied require; only of those that are not ready it tells, since
 * they are waited for. Never at a cache: what is seen here decides.
 *
 * @param home the namespace of the resource.
 */
export async function observeRequired(
  { api }: Pick<Dependencies, 'api'>,
  changed: readonly PlannedRef[],
  known: References,
  home: string | undefined,
): Promise<References> {
  const required = new Set(changed.flatMap(({ requires = [] }) => requires.filter((key) => !(key in known))));
  const seen = await Promise.all(
    Array.from(required, async (key) => {
      const reference = await look(api, key, home, (object) => {
        if (!object) return notReady(NOT_FOUND, 'does not exist');
        const { state, message } = readiness(object);
        return state === 'Current'
          ? { seen: seenOf(object) }
          : notReady(seenOf(object), `is not ready: ${message}`);
      });
      return [key, reference] as const;
    }),
  );
  return Object.fromEntries(seen.filter(([, { trouble }]) => trouble));
}

/**
 * Reads the ConfigMaps and Secrets of others that the pods of a plan read. What is missing keeps the digest that was last
 * known: the pods that run are not touched for it.
 */
export async function observeReads(
  { api, digestKey }: Pick<Dependencies, 'api' | 'digestKey'>,
  { objects }: Plan,
  known: Contents,
  home: string | undefined,
): Promise<References> {
  const reads = objects.flatMap(({ key: reader, reads: all }) => all.map((read) => ({ ...read, reader })));
  const seen = await Promise.all(
    Array.from(
      Map.groupBy(reads, ({ key }) => key),
      async ([key, readers]) => {
        const last = known[key] ? { digest: known[key] } : {};
        const reference = await look(api, key, home, async (object): Promise<SeenReference> => {
          const trouble = lackOf(object, key, readers);
          const word = object ? seenOf(object) : NOT_FOUND;
          if (trouble) return { seen: word, ...last, trouble };
          if (!object) return { seen: word, digest: NOT_FOUND };
          const seal = isSecret(key) ? await digestKey.seal() : UNSEALED;
          return { seen: word, digest: seal(contentDigest(object, digest)) };
        });
        return [key, reference.trouble ? { ...last, ...reference } : reference] as const;
      },
    ),
  );
  return Object.fromEntries(seen);
}

/** Why pods cannot start: what they read is not there, or a key of it. */
function lackOf(
  object: Manifest | undefined,
  key: ObjectKey,
  readers: readonly (Read & { readonly reader: ObjectKey })[],
): SeenReference['trouble'] {
  const needing = readers.filter(({ optional }) => !optional);
  const say = (reason: Reason, what: string, [first]: typeof readers): SeenReference['trouble'] =>
    first && {
      reason,
      message: `${titleOf(key)} ${what}; ${titleOf(first.reader)} reads it: ${first.field}`,
    };
  if (!object) {
    const reason = isSecret(key) ? OUR_REASONS.SecretNotFound : OUR_REASONS.ConfigMapNotFound;
    return say(reason, 'does not exist', needing);
  }
  const items = new Set([...Object.keys(object['data'] ?? {}), ...Object.keys(object['binaryData'] ?? {})]);
  for (const read of needing) {
    const missing = read.items.find((item) => !items.has(item));
    if (missing !== undefined) return say(OUR_REASONS.KeyNotFound, `has no key "${missing}"`, [read]);
  }
  return undefined;
}

/** What the server refuses to show is told of the one object, and does not hold up the others. */
async function look(
  api: Dependencies['api'],
  key: ObjectKey,
  home: string | undefined,
  see: (object: Manifest | undefined) => SeenReference | Promise<SeenReference>,
): Promise<SeenReference> {
  try {
    return await see(await api.get(parseObjectKey(key, home)));
  } catch (error) {
    if (!(error instanceof StatusError) || error.isTransient) throw failureOf(error, titleOf(key));
    if (error.reason === STATUS_REASONS.NotFound)
      return notReady(NOT_FOUND, `cannot exist: ${error.message}`);
    const trouble = { reason: error.reason, message: `${titleOf(key)} cannot be read: ${error.message}` };
    return { seen: NOT_FOUND, trouble };
  }
}

function notReady(seen: string, message: string): SeenReference {
  return { seen, trouble: { reason: OUR_REASONS.DependencyNotReady, message } };
}
