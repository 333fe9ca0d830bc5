/** What keeps one pod from getting ready, from its status alone. */
import type { Manifest } from '../manifest.ts';
import { afterGrace, CONFIG_ERROR_GRACE_MS, IMAGE_PULL_GRACE_MS, UNSCHEDULABLE_GRACE_MS } from './grace.ts';
import type { Health, PodReason } from './health.ts';
import { POD_REASONS } from './health.ts';
import { conditionOf, phrase, read, readCount, readMany, readNumber, readText, readTime } from './read.ts';

export interface PodTrouble extends Health {
  readonly state: 'Failed' | 'InProgress';
  readonly reason: PodReason;
}

/** The kubelet's words for an image that it does not get. */
const IMAGE_PULL: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
  'RegistryUnavailable',
  'SignatureValidationFailed',
]);
/** The kubelet's words for a container that it cannot make. */
const CONFIG_ERROR: ReadonlySet<string> = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
]);

const PRIORITY: readonly PodReason[] = Object.values(POD_REASONS);

/** Orders troubles: what is final before what may heal, then by reason. */
export function worstFirst(a: PodTrouble, b: PodTrouble): number {
  if (a.state !== b.state) return a.state === 'Failed' ? -1 : 1;
  return PRIORITY.indexOf(a.reason) - PRIORITY.indexOf(b.reason);
}

/** The worst trouble of a pod; undefined when it is ready, on its way, or done. */
export function podTrouble(pod: Manifest, now: number | undefined): PodTrouble | undefined {
  if (readText(pod, 'status', 'phase') === 'Failed') return ended(pod);
  if (conditionOf(pod, 'Ready')?.status === 'True') return undefined;
  const troubles = containersOf(pod).map((container) => containerTrouble(container, pod, now));
  const [worst] = [...troubles, unschedulable(pod, now)]
    .filter((each) => each !== undefined)
    .sort(worstFirst);
  return worst ?? unready(pod);
}

function ended(pod: Manifest): PodTrouble {
  const why = phrase(readText(pod, 'status', 'message')) || phrase(readText(pod, 'status', 'reason'));
  return { state: 'Failed', reason: 'PodFailed', message: why ? `it failed: ${why}` : 'it failed' };
}

interface Container {
  readonly title: string;
  readonly status: unknown;
}

function containersOf(pod: Manifest): readonly Container[] {
  const titled = (word: string, statuses: readonly unknown[]): readonly Container[] =>
    statuses.map((status) => ({ title: `${word} ${readText(status, 'name')}`, status }));
  return [
    ...titled('init container', readMany(pod, 'status', 'initContainerStatuses')),
    ...titled('container', readMany(pod, 'status', 'containerStatuses')),
  ];
}

function containerTrouble({ title, status }: Container, pod: Manifest, now?: number): PodTrouble | undefined {
  const waiting = readText(status, 'state', 'waiting', 'reason');
  const why = phrase(readText(status, 'state', 'waiting', 'message'));
  if (IMAGE_PULL.has(waiting)) {
    const message = `${waiting}, ${title} wants image ${readText(status, 'image')}${why && `: ${why}`}`;
    return { ...afterGrace(startedAt(pod), IMAGE_PULL_GRACE_MS, now), reason: 'ImagePull', message };
  }
  if (CONFIG_ERROR.has(waiting)) {
    const message = `${waiting}, ${title}${why && `: ${why}`}`;
    return { ...afterGrace(startedAt(pod), CONFIG_ERROR_GRACE_MS, now), reason: 'ConfigError', message };
  }
  const exit = exitOf(status);
  if (waiting === 'CrashLoopBackOff')
    return {
      state: 'Failed',
      reason: 'CrashLoop',
      message: `CrashLoopBackOff, ${title}${exit} ${restarts(status)}`,
    };
  if (lastEnd(status) === 'OOMKilled' && read(status, 'ready') !== true)
    return { state: 'InProgress', reason: 'OOMKilled', message: `${title}${exit} ${restarts(status)}` };
  return undefined;
}

/**
 * Since when the containers could have been made. Waiting containers carry no time of their own, so the youngest of the
 * pod's own times is taken: a late failure must not be judged by an early start.
 */
function startedAt(pod: Manifest): number | undefined {
  const times = [
    readTime(pod, 'status', 'startTime') ?? readTime(pod, 'metadata', 'creationTimestamp'),
    conditionOf(pod, 'Initialized')?.since,
    conditionOf(pod, 'Ready')?.since,
  ].filter((each) => each !== undefined);
  return times.length === 0 ? undefined : Math.max(...times);
}

function unschedulable(pod: Manifest, now: number | undefined): PodTrouble | undefined {
  const scheduled = conditionOf(pod, 'PodScheduled');
  if (scheduled?.status !== 'False' || scheduled.reason !== 'Unschedulable') return undefined;
  // What follows tells what preemption could not do either: true, and of no help.
  const predicate = phrase(scheduled.message.split('preemption:', 1)[0] ?? '');
  const since = scheduled.since ?? readTime(pod, 'metadata', 'creationTimestamp');
  const message = `Unschedulable${predicate && `, ${predicate}`}`;
  return { ...afterGrace(since, UNSCHEDULABLE_GRACE_MS, now), reason: 'Unschedulable', message };
}

function unready(pod: Manifest): PodTrouble | undefined {
  if (readText(pod, 'status', 'phase') !== 'Running') return undefined;
  const waiting = containersOf(pod).filter(
    ({ title, status }) => title.startsWith('container') && read(status, 'ready') !== true,
  );
  const [first] = waiting;
  const why = phrase(conditionOf(pod, 'Ready')?.message ?? '');
  const restarted =
    first && readCount(first.status, 'restartCount') > 0
      ? `${exitOf(first.status)} ${restarts(first.status)}`
      : '';
  const message = first
    ? `${first.title} runs and is not ready${restarted && `; it${restarted}`}`
    : `it runs and is not ready${why && `: ${why}`}`;
  return { state: 'InProgress', reason: 'NotReady', message };
}

/** How a container last ended: the runtime's word. Its message is left out; it may be a line of its log. */
function lastEnd(status: unknown): string {
  return (
    readText(status, 'state', 'terminated', 'reason') || readText(status, 'lastState', 'terminated', 'reason')
  );
}

function exitOf(status: unknown): string {
  const code =
    readNumber(status, 'state', 'terminated', 'exitCode') ??
    readNumber(status, 'lastState', 'terminated', 'exitCode');
  if (lastEnd(status) === 'OOMKilled') return ` was killed for its memory (OOMKilled)`;
  return code === undefined ? '' : ` exited with ${code}`;
}

function restarts(status: unknown): string {
  const count = readCount(status, 'restartCount');
  return `(${count} ${count === 1 ? 'restart' : 'restarts'})`;
}
