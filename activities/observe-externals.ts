import { CURRENT, OTHERWISE, WANTED } from '../core/external.ts';
import { titleOf } from '../core/plan/categories.ts';
import type { Rendered } from '../core/plan/digests.ts';
import type { Manifest } from '../core/manifest.ts';
import { isPassing } from '../core/reasons.ts';
import type { ObjectKey, ResourceRef } from '../core/refs.ts';
import type { Observation } from '../core/rollout/fold.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import type { Dependencies } from './dependencies.ts';
import { handling } from './external-object.ts';
import { failureOf } from './failure.ts';

/** Looks at external objects on their servers. One that cannot be reached is as it was, and says so in its health. */
export async function observeExternals(
  dependencies: Dependencies,
  resource: ResourceRef,
  keys: readonly ObjectKey[],
): Promise<readonly Observation[]> {
  const manifest = await dependencies.api.get(resource).catch((error: unknown) => {
    throw failureOf(error, keys.map(titleOf).join(', '));
  });
  if (!manifest) return [];
  const objects = await wantedOf(dependencies, manifest);
  return Promise.all(keys.map((key) => observeOne(dependencies, manifest, key, objects?.get(key)?.manifest)));
}

async function observeOne(
  dependencies: Dependencies,
  resource: Manifest,
  key: ObjectKey,
  planned: Manifest | undefined,
): Promise<Observation> {
  const there = { key, exists: true, uid: '' } as const;
  const seen = await handling(dependencies, resource, key, async (handle): Promise<Observation> => {
    const remote = await handle.observe(planned?.['wanted']);
    if (remote === undefined) return { key, exists: false };
    const difference = planned && handle.differenceIn(planned['wanted'], remote);
    if (difference !== undefined) return { ...there, fields: OTHERWISE, health: CURRENT };
    return { ...there, fields: WANTED, health: planned ? await handle.healthOf(remote) : CURRENT };
  });
  if (!('reason' in seen)) return seen;
  const { reason, message, read, retryAfterMs } = seen;
  const state = isPassing(reason) ? 'InProgress' : 'Failed';
  return {
    ...there,
    fields: WANTED,
    health: { state, reason, message },
    ...(read ? { read } : {}),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** Undefined when the resource cannot be built now: what exists is still seen, and nothing is taken for drift. */
async function wantedOf(
  { renderer, log }: Dependencies,
  manifest: Manifest,
): Promise<Rendered['objects'] | undefined> {
  try {
    return (await renderer.render(manifest)).objects;
  } catch (error) {
    if (error instanceof StatusError) throw failureOf(error, manifest.metadata.name);
    log.warn({ resource: manifest.metadata.name, error: String(error) }, 'the resource cannot be built');
    return undefined;
  }
}
