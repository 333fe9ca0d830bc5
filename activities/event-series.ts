/** Repeats of one piece of news: one event that counts them, as events.k8s.io has it, and not a new one each time. */
import { shortHash } from '../core/hash.ts';
import type { Manifest } from '../core/manifest.ts';
import { readNumber, readText } from '../core/health/read.ts';
import { ANNOTATIONS } from '../core/labels.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import { StatusError } from '../kubernetes/status-error.ts';

/** The API server keeps an event for an hour after its last change; the next repeat is a new one. */
export async function createOrCount(
  api: Pick<KubernetesApi, 'create' | 'get' | 'patch'>,
  event: Manifest,
): Promise<void> {
  try {
    await api.create(event);
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
    await count(api, event).catch((refusal: unknown) => {
      if (!(refusal instanceof StatusError) || refusal.reason !== 'Forbidden') throw refusal;
      // Without the right to change events a repeat is one more, as it is for programs that keep no series.
      return api.create(apart(event));
    });
  }
}

async function count(api: Pick<KubernetesApi, 'create' | 'get' | 'patch'>, event: Manifest): Promise<void> {
  const { name, namespace, annotations } = event.metadata;
  const ref = { group: 'events.k8s.io', kind: 'Event', name, ...(namespace ? { namespace } : {}) };
  const live = await api.get(ref);
  if (!live) return void (await api.create(event));
  // An activity that runs twice tells its news once.
  if (live.metadata.annotations?.[ANNOTATIONS.occurrence] === annotations?.[ANNOTATIONS.occurrence]) return;
  const series = {
    // What came again before it was written counts, too.
    count: (readNumber(live, 'series', 'count') ?? 1) + (readNumber(event, 'series', 'count') ?? 1),
    lastObservedTime: readText(event, 'series', 'lastObservedTime') || event['eventTime'],
  };
  await api.patch(ref, [
    // Another version than the one that was read is a conflict, which is retried.
    { op: 'replace', path: '/metadata/resourceVersion', value: live.metadata.resourceVersion },
    { op: 'add', path: '/metadata/annotations', value: { ...live.metadata.annotations, ...annotations } },
    { op: 'add', path: '/series', value: series },
  ]);
}

function apart(event: Manifest): Manifest {
  const { metadata } = event;
  const suffix = shortHash(metadata.annotations?.[ANNOTATIONS.occurrence] ?? '');
  return { ...event, metadata: { ...metadata, name: `${metadata.name.slice(0, 230)}.${suffix}` } };
}
