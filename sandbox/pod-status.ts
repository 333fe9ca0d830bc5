/** The status a kubelet would write, for each state a simulated pod can be in. Pure. */
import type { Container, Pod } from './pod.ts';

export type PodState =
  | { readonly state: 'running'; readonly ready: boolean }
  | { readonly state: 'waiting'; readonly reason: string; readonly message: string }
  | { readonly state: 'crashing'; readonly reason: 'Error' | 'OOMKilled'; readonly restarts: number }
  | { readonly state: 'done'; readonly succeeded: boolean };

export interface StatusContext {
  /** RFC 3339 */
  readonly now: string;
  /** When the pod started, which never changes. */
  readonly startTime: string;
  readonly podIP: string;
}

export function podStatus(pod: Pod, state: PodState, context: StatusContext): Record<string, unknown> {
  const started = state.state !== 'waiting';
  const { podIP, startTime } = context;
  return {
    observedGeneration: pod.metadata.generation ?? 1,
    phase: phaseOf(state),
    startTime,
    hostIP: '127.0.0.1',
    ...(started ? { podIP, podIPs: [{ ip: podIP }] } : {}),
    conditions: conditionsOf(pod, state, context),
    containerStatuses: pod.spec.containers.map((container) => containerStatus(container, state, context)),
    ...(pod.spec.initContainers === undefined
      ? {}
      : {
          initContainerStatuses: pod.spec.initContainers.map((one) =>
            initContainerStatus(one, state, context),
          ),
        }),
  };
}

function phaseOf(state: PodState): string {
  if (state.state === 'waiting') return 'Pending';
  if (state.state === 'done') return state.succeeded ? 'Succeeded' : 'Failed';
  return 'Running';
}

function conditionsOf(pod: Pod, state: PodState, { now }: StatusContext): Record<string, unknown>[] {
  const containersReady = state.state === 'running' && state.ready;
  const gatesOpen = (pod.spec.readinessGates ?? []).every(({ conditionType }) =>
    pod.status?.conditions?.some(({ type, status }) => type === conditionType && status === 'True'),
  );
  const reason = state.state === 'done' && state.succeeded ? 'PodCompleted' : 'ContainersNotReady';
  const names = pod.spec.containers.map(({ name }) => name).join(' ');
  const notReady = { reason, message: `containers with unready status: [${names}]` };
  const condition = (type: string, holds: boolean, otherwise: object): Record<string, unknown> => {
    const before = pod.status?.conditions?.find((one) => one.type === type);
    const status = holds ? 'True' : 'False';
    // A merge by `type` keeps what it does not name: an old reason has to be taken away.
    const why = holds ? { reason: null, message: null } : otherwise;
    return { type, status, ...(before?.status === status ? {} : { lastTransitionTime: now }), ...why };
  };
  return [
    condition('PodReadyToStartContainers', state.state !== 'done', {}),
    condition('Initialized', true, {}),
    condition(
      'Ready',
      containersReady && gatesOpen,
      containersReady ? { reason: 'ReadinessGatesNotReady' } : notReady,
    ),
    condition('ContainersReady', containersReady, notReady),
    condition('PodScheduled', true, {}),
  ];
}

function containerStatus(
  container: Container,
  state: PodState,
  context: StatusContext,
): Record<string, unknown> {
  const { name, image } = container;
  const running = state.state === 'running';
  return {
    name,
    image,
    imageID: running || state.state === 'crashing' ? `sandbox://${image}` : '',
    containerID: state.state === 'waiting' ? '' : `sandbox://${name}`,
    ready: running && state.ready,
    started: running,
    restartCount: state.state === 'crashing' ? state.restarts : 0,
    ...stateOf(state, context),
  };
}

function stateOf(state: PodState, { now, startTime }: StatusContext): Record<string, unknown> {
  switch (state.state) {
    case 'running':
      return { state: { running: { startedAt: startTime } } };
    case 'waiting':
      return { state: { waiting: { reason: state.reason, message: state.message } } };
    case 'done':
      return { state: { terminated: terminated(state.succeeded ? 0 : 1, { startTime, now }) } };
    case 'crashing': {
      const exitCode = state.reason === 'OOMKilled' ? 137 : 1;
      const message = 'back-off restarting failed container';
      return {
        state: { waiting: { reason: 'CrashLoopBackOff', message } },
        lastState: { terminated: { ...terminated(exitCode, { startTime, now }), reason: state.reason } },
      };
    }
  }
}

function terminated(
  exitCode: number,
  { startTime, now }: { startTime: string; now: string },
): Record<string, unknown> {
  return {
    exitCode,
    reason: exitCode === 0 ? 'Completed' : 'Error',
    startedAt: startTime,
    finishedAt: now,
  };
}

/** Init containers have always ended well by the time anybody looks, except those that stay beside the others. */
function initContainerStatus(
  container: Container,
  state: PodState,
  context: StatusContext,
): Record<string, unknown> {
  if (container.restartPolicy === 'Always' || state.state === 'waiting') {
    return containerStatus(container, state, context);
  }
  const status = containerStatus(container, { state: 'done', succeeded: true }, context);
  return { ...status, ready: true };
}
