/** Objects as an API server gives them, with what a rule reads. */
import type { Manifest } from '../../../core/manifest.ts';

export const NOW: number = Date.parse('2026-05-01T12:00:00Z');

/** An RFC 3339 time, so many seconds before {@link NOW}. */
export function secondsAgo(seconds: number): string {
  return new Date(NOW - seconds * 1000).toISOString().replace('.000Z', 'Z');
}

type Json = Readonly<Record<string, unknown>>;

export interface Parts {
  readonly metadata?: Json;
  readonly spec?: Json;
  readonly status?: Json;
}

export function manifest(apiVersion: string, kind: string, { metadata, spec, status }: Parts = {}): Manifest {
  return {
    apiVersion,
    kind,
    metadata: { name: 'p', namespace: 'data', generation: 2, ...metadata },
    spec,
    status,
  };
}

export interface PodParts extends Parts {
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly bornSecondsAgo?: number;
}

export function pod({ name = 'p-0', labels = {}, bornSecondsAgo = 600, ...parts }: PodParts = {}): Manifest {
  const metadata = {
    name,
    generation: 1,
    labels,
    creationTimestamp: secondsAgo(bornSecondsAgo),
    ...parts.metadata,
  };
  return manifest('v1', 'Pod', { ...parts, metadata });
}

export function readyPod(parts: PodParts = {}): Manifest {
  return pod({ ...parts, status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } });
}

/** A pod whose one container, `broker`, is as given. */
export function podWith(container: Json, parts: PodParts = {}): Manifest {
  const status = {
    phase: 'Running',
    startTime: secondsAgo(parts.bornSecondsAgo ?? 600),
    conditions: [{ type: 'Ready', status: 'False', reason: 'ContainersNotReady' }],
    containerStatuses: [{ name: 'broker', image: 'pinot:1.4', ready: false, restartCount: 0, ...container }],
  };
  return pod({ ...parts, status });
}

export function crashingPod(parts: PodParts = {}): Manifest {
  const container = {
    restartCount: 3,
    state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 40s restarting failed container' } },
    lastState: { terminated: { exitCode: 1, reason: 'Error', message: 'password=hunter2' } },
  };
  return podWith(container, parts);
}

export function pullingPod(seconds: number): Manifest {
  const message = 'Back-off pulling image "pinot:1.4": not found';
  return podWith(
    { state: { waiting: { reason: 'ImagePullBackOff', message } } },
    { bornSecondsAgo: seconds },
  );
}

export function unschedulablePod(
  seconds: number,
  message: string = '0/3 nodes are available: 3 Insufficient cpu.',
): Manifest {
  const lastTransitionTime = secondsAgo(seconds);
  const scheduled = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message,
    lastTransitionTime,
  };
  return pod({ status: { phase: 'Pending', conditions: [scheduled] } });
}
