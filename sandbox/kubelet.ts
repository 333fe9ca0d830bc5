/**
 * A kubelet without containers: every pod that the scheduler gives to its node goes through the states a real one would
 * report, as told by `behaviour.ts`. Beside it run the parts of a cluster that a cloud would bring: storage and load balancers.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterApi, MERGE, type ClusterAccess } from './cluster-api.ts';
import { serveLoadBalancers } from './load-balancers.ts';
import type { Pod } from './pod.ts';
import { PodActor } from './pod-actor.ts';
import { serveStorage } from './storage.ts';
import { watchLoop } from './watch-loop.ts';

export interface KubeletOptions extends ClusterAccess {
  readonly signal: AbortSignal;
  /** Told of trouble that is retried. */
  onTrouble?(error: unknown): void;
}

export interface Kubelet {
  /** Resolves when everything has ended after the signal. */
  readonly ended: Promise<void>;
}

export const NODE_NAME = 'sandbox-node';

const HEARTBEAT_MS = 10_000;
const CAPACITY = { cpu: '10000', memory: '10000Gi', pods: '100000', 'ephemeral-storage': '10000Gi' };

/** Resolves once the node is registered and ready. */
export async function startKubelet(options: KubeletOptions): Promise<Kubelet> {
  const api = new ClusterApi(options);
  const { signal } = options;
  const onTrouble = (error: unknown): void => {
    if (!signal.aborted) options.onTrouble?.(error);
  };
  await registerNode(api, signal);
  const loops = [
    servePods(api, { signal, onTrouble }),
    serveStorage(api, { signal, onTrouble }),
    serveLoadBalancers(api, { signal, onTrouble }),
    beat(api, { signal, onTrouble }),
  ];
  const ended = Promise.all(loops).then(() => api.close());
  return { ended };
}

export interface LoopOptions {
  readonly signal: AbortSignal;
  onTrouble(error: unknown): void;
}

function servePods(api: ClusterApi, { signal, onTrouble }: LoopOptions): Promise<void> {
  const actors = new Map<string, PodActor>();
  let address = 0;
  const onObject = (pod: Pod, type: 'MODIFIED' | 'DELETED'): void => {
    const known = actors.get(pod.metadata.uid);
    if (type === 'DELETED') {
      known?.stop();
      actors.delete(pod.metadata.uid);
      return;
    }
    const actor = known ?? new PodActor({ api, podIP: podAddress(++address), signal, onTrouble });
    if (known === undefined) actors.set(pod.metadata.uid, actor);
    actor.see(pod);
  };
  const path = `/api/v1/pods?fieldSelector=spec.nodeName%3D${NODE_NAME}`;
  return watchLoop<Pod>({ api, path, signal, onObject, onTrouble });
}

function podAddress(count: number): string {
  return `10.${128 + ((count >> 16) & 127)}.${(count >> 8) & 255}.${count & 255}`;
}

async function registerNode(api: ClusterApi, signal: AbortSignal): Promise<void> {
  const body = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: NODE_NAME,
      labels: {
        'kubernetes.io/hostname': NODE_NAME,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
      },
    },
    status: { capacity: CAPACITY, allocatable: CAPACITY, conditions: nodeConditions() },
  };
  await api.expect({ method: 'POST', path: '/api/v1/nodes', body, signal }, 409);
}

function nodeConditions(): Record<string, unknown>[] {
  const lastHeartbeatTime = new Date().toISOString();
  return [
    {
      type: 'Ready',
      status: 'True',
      reason: 'KubeletReady',
      message: 'the simulated kubelet is ready',
      lastHeartbeatTime,
      lastTransitionTime: '2026-01-01T00:00:00Z',
    },
  ];
}

/** Without it the node would be taken for dead after 50 seconds and its pods be evicted. */
async function beat(api: ClusterApi, { signal, onTrouble }: LoopOptions): Promise<void> {
  const path = `/api/v1/nodes/${NODE_NAME}/status`;
  while (!signal.aborted) {
    try {
      await sleep(HEARTBEAT_MS, undefined, { signal });
      const body = { status: { conditions: nodeConditions() } };
      await api.expect({ method: 'PATCH', path, body, contentType: MERGE, signal });
    } catch (error) {
      onTrouble(error);
    }
  }
}
