import { titleOf } from '../core/plan/categories.ts';
import { COMMANDS } from '../core/labels.ts';
import type { Manifest } from '../core/manifest.ts';
import { OUR_REASONS } from '../core/reasons.ts';
import type { ResourceRef } from '../core/refs.ts';
import { apiVersionOf } from '../core/refs.ts';
import type { Removal } from '../core/rollout/fold-pruned.ts';
import { annotateResource } from './annotate-resource.ts';
import type { Dependencies } from './dependencies.ts';
import type { News } from './event-recorder.ts';
import { recordEvents } from './external-events.ts';
import type { Handle } from './external-object.ts';
import { handling, settlesMsOf } from './external-object.ts';
import type { Owner } from './external-owners.ts';
import { othersOf, titleOfOwner } from './external-owners.ts';
import { failureOf } from './failure.ts';
import type { PruneItem } from './prune-objects.ts';

/** What became of one object, and what people hear of it. */
interface Done {
  readonly removal: Removal;
  readonly news?: News;
}

/**
 * Removes external objects from their servers, side by side. One counts as gone when its server showed none twice; one that
 * cannot be removed is reported, and stays in the inventory: nothing is forgotten because its server is away.
 */
export async function removeExternals(
  dependencies: Dependencies,
  resource: ResourceRef,
  items: readonly PruneItem[],
): Promise<readonly Removal[]> {
  const titles = items.map(({ key }) => titleOf(key)).join(', ');
  const manifest = await dependencies.api.get(resource).catch((error: unknown) => {
    throw failureOf(error, titles);
  });
  if (!manifest) return tornAway(dependencies, resource, items);
  const leaving = items.filter((item) => !isRetained(item)).map(({ key }) => key);
  const others = await othersOf(dependencies, manifest, leaving).catch((error: unknown) => {
    throw failureOf(error, titles);
  });
  const all = await Promise.all(
    items.map((item) => removeOne(dependencies, manifest, item, others.get(item.key))),
  );
  const news = all.flatMap(({ removal: { key }, news: told }) => (told ? [{ ...told, key }] : []));
  recordEvents(dependencies, manifest, news);
  return all.map(({ removal }) => removal);
}

async function removeOne(
  dependencies: Dependencies,
  manifest: Manifest,
  item: PruneItem,
  other: Owner | undefined,
): Promise<Done> {
  const { key } = item;
  const title = titleOf(key);
  if (isRetained(item)) {
    const why = item.origin === 'adopted' ? 'was there before this resource' : 'is no longer desired';
    const note = `${title} ${why}, and is kept where it is`;
    return {
      removal: { key, outcome: 'retained' },
      news: { type: 'Normal', reason: 'Retained', action: 'Retain', note },
    };
  }
  if (other && !isLeftToUs(other)) return handOver(dependencies, item, other);
  const done = await handling(dependencies, manifest, key, takeAway);
  if (typeof done === 'object' && done.isServerGone) {
    const note = `${title} counts as gone with its server: ${done.message}`;
    return {
      removal: { key, outcome: 'gone' },
      news: { type: 'Warning', reason: 'ServerGone', action: 'Delete', note },
    };
  }
  if (typeof done === 'object') return { removal: { key, outcome: 'refused', ...done } };
  if (done === 'staying') {
    const message = 'its server still has it';
    return { removal: { key, outcome: 'refused', reason: OUR_REASONS.Deleting, message } };
  }
  if (done === 'removed') {
    const note = `deleted ${title}`;
    return {
      removal: { key, outcome: 'absent', settlesMs: settlesMsOf(dependencies, key) },
      news: { type: 'Normal', reason: 'Deleted', action: 'Delete', note },
    };
  }
  if (!item.again) return { removal: { key, outcome: 'absent', settlesMs: settlesMsOf(dependencies, key) } };
  return {
    removal: { key, outcome: 'gone' },
    ...(item.unconfirmed ? { news: unconfirmed(`${title} was never seen on its server`) } : {}),
  };
}

function isRetained({ retain, origin }: PruneItem): boolean {
  return retain ?? origin === 'adopted';
}

/** Of two resources that are both being deleted, the older one removes what both name. */
function isLeftToUs({ isDeleting, isOlder, has }: Owner): boolean {
  return isDeleting && !(has && isOlder);
}

/** Another resource wants it: it stays, and that one looks at once. */
async function handOver(dependencies: Dependencies, { key }: PruneItem, other: Owner): Promise<Done> {
  const { apiVersion, kind, metadata } = other.resource;
  const { plural } = dependencies.operator.resource;
  const [group = '', version = ''] = apiVersion.split('/');
  const { namespace, name, uid = '' } = metadata;
  const ref = { group, version, kind, plural, ...(namespace ? { namespace } : {}), name };
  const retry = { kind: 'set', name: COMMANDS.retry, text: `hand-over of ${titleOf(key)}` } as const;
  if (!other.has && !other.isDeleting) await annotateResource(dependencies, ref, uid, retry, Date.now());
  const note = `${titleOf(key)} is left to ${titleOfOwner(other)}, which wants it`;
  return {
    removal: { key, outcome: 'gone' },
    news: { type: 'Normal', reason: 'HandedOver', action: 'Retain', note },
  };
}

/** Held by our finalizer while there is something to remove: somebody took that away, and with it how to reach the server. */
function tornAway(
  dependencies: Dependencies,
  { group, version, kind, namespace, name }: ResourceRef,
  items: readonly PruneItem[],
): readonly Removal[] {
  const metadata = { name, ...(namespace ? { namespace } : {}) };
  const regarding = { apiVersion: apiVersionOf({ group, version }), kind, metadata };
  const note = (title: string): string =>
    `${title}: its resource went before it was removed, for somebody took the finalizer away`;
  recordEvents(
    dependencies,
    regarding,
    items.map(({ key }) => ({ key, ...unconfirmed(note(titleOf(key))) })),
  );
  return items.map(({ key }) => ({ key, outcome: 'gone' }));
}

function unconfirmed(what: string): News {
  const note = `${what}; if it is there, or appears later, delete it on its server`;
  return { type: 'Warning', reason: OUR_REASONS.RemovalUnconfirmed, action: 'Delete', note };
}

async function takeAway(handle: Handle): Promise<'absent' | 'removed' | 'staying'> {
  const before = await handle.observe();
  if (before === undefined) return 'absent';
  await handle.remove(before);
  return (await handle.observe()) === undefined ? 'removed' : 'staying';
}
