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
import type { ObjectRef } from '../core/refs.ts';
import { groupOf, isKubernetesGroup, parseObjectKey } from '../core/refs.ts';
import type { ResourceStatus } from '../core/status/resource-status.ts';
import type { Reads } from '../core/rollout/reads.ts';
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
 * @param resource the one that requires, for which nothing that it requires may wait for.
 */
export async function observeRequired(
  { api }: Pick<Dependencies, 'api'>,
  changed: readonly PlannedRef[],
  known: References,
  resource: Manifest,
): Promise<References> {
  const { namespace: home } = resource.metadata;
  const self: ObjectRef = { group: groupOf(resource.apiVersion), kind: resource.kind, ...resource.metadata };
  const required = new Set(changed.flatMap(({ requires = [] }) => requires.filter((key) => !(key in known))));
  const seen = await Promise.all(
    Array.from(required, async (key) => {
      const reference = await look(api, key, home, async (object) => {
        if (!object) return notReady(NOT_FOUND, 'does not exist');
        const { state, message } = readiness(object);
        if (state === 'Current') return { seen: seenOf(object) };
        const circle = await circleFrom(api, object, self);
        if (!circle) return notReady(seenOf(object), `is not ready: ${message}`);
        const trouble = {
          reason: OUR_REASONS.DependencyCircle,
          message: `waits for this resource: ${circle.join(' requires ')}; remove one of the requirements`,
        };
        return { seen: seenOf(object), trouble };
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

/** How many resources are looked at until a circle counts as none. */
const LONGEST_CIRCLE = 20;

/** How a resource that is not ready waits for `self`, by what their statuses say; undefined when it does not. */
async function circleFrom(
  api: Dependencies['api'],
  object: Manifest,
  self: ObjectRef,
): Promise<readonly string[] | undefined> {
  const paths = [{ object, path: [nameOf(self), `${object.kind} ${object.metadata.name}`] }];
  const seen = new Set<string>();
  for (const { object: waiting, path } of paths) {
    const { references = [] } = (waiting['status'] ?? {}) as Partial<ResourceStatus>;
    for (const reference of references) {
      const ref = parseObjectKey(reference.object, waiting.metadata.namespace);
      if (isSame(ref, self)) return [...path, nameOf(self)];
      const id = JSON.stringify(ref);
      if (isKubernetesGroup(ref.group) || seen.has(id) || seen.size === LONGEST_CIRCLE) continue;
      seen.add(id);
      const next = await api.get(ref).catch(() => undefined);
      if (next) paths.push({ object: next, path: [...path, nameOf(ref)] });
    }
  }
  return undefined;
}

function nameOf({ kind, name }: ObjectRef): string {
  return `${kind} ${name}`;
}

function isSame(one: ObjectRef, other: ObjectRef): boolean {
  const { group, kind, namespace, name } = other;
  return one.group === group && one.kind === kind && one.name === name && one.namespace === namespace;
}

/** Of what operator code read, what is another now; undefined for nothing. */
export async function rereadOf(
  { api }: Pick<Dependencies, 'api'>,
  reads: Reads,
  home: string | undefined,
): Promise<Reads | undefined> {
  const words = await Promise.all(
    Object.keys(reads).map(async (key) => {
      const { seen } = await look(api, key, home, (object) => ({
        seen: object ? seenOf(object) : NOT_FOUND,
      }));
      return [key, seen] as const;
    }),
  );
  const changed = words.filter(([key, seen]) => reads[key] !== seen);
  return changed.length > 0 ? Object.fromEntries(changed) : undefined;
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
