import { lacksPods } from '../core/health/lacks-pods.ts';
import type { RefusedPods } from '../core/health/health.ts';
import type { Manifest } from '../core/manifest.ts';
import { readText, readTime } from '../core/health/read.ts';
import { refusalText } from '../kubernetes/refusal-text.ts';
import { StatusError } from '../kubernetes/status-error.ts';
import type { Dependencies } from './dependencies.ts';

/** Controllers try again after at most 1,000 s; what is older is no longer the reason. */
const RECENT_MS = 20 * 60_000;

const UNSEEN = 'why, only events say, and the operator has no right to list these';

/**
 * Why the controller of a workload that lacks pods cannot make them. Only a ReplicaSet has a condition for it; the others say
 * it by events alone. Without the right to list events, what to grant is answered.
 */
export async function refusedPods(
  { api, log }: Pick<Dependencies, 'api' | 'log'>,
  workload: Manifest,
): Promise<RefusedPods | undefined> {
  const { uid = '', name, namespace } = workload.metadata;
  if (!lacksPods(workload)) return undefined;
  try {
    const { items } = await api.list(
      { group: '', kind: 'Event' },
      {
        ...(namespace ? { namespace } : {}),
        fieldSelector: `involvedObject.uid=${uid},reason=FailedCreate`,
      },
    );
    const [newest] = items.toSorted((one, other) => lastSeen(other) - lastSeen(one));
    if (!newest || lastSeen(newest) < Date.now() - RECENT_MS) return undefined;
    return { message: refusalText(readText(newest, 'message'), []), since: firstSeen(newest) };
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== 'Forbidden') throw error;
    log.warn(
      { object: name, error: error.message },
      'why pods are not created cannot be seen; grant list of events',
    );
    return { message: UNSEEN, since: undefined };
  }
}

function lastSeen(event: Manifest): number {
  const times = [
    readTime(event, 'series', 'lastObservedTime'),
    readTime(event, 'lastTimestamp'),
    readTime(event, 'eventTime'),
    readTime(event, 'metadata', 'creationTimestamp'),
  ];
  return Math.max(...times.map((time) => time ?? 0));
}

function firstSeen(event: Manifest): number | undefined {
  return (
    readTime(event, 'firstTimestamp') ??
    readTime(event, 'eventTime') ??
    readTime(event, 'metadata', 'creationTimestamp')
  );
}
