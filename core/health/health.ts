import type { Manifest } from '../manifest.ts';

/** The states of kstatus, plus Suspended (Argo CD) for a workload that its owner paused. */
export const HEALTH_STATES = {
  Current: 'Current',
  InProgress: 'InProgress',
  Failed: 'Failed',
  Suspended: 'Suspended',
  Terminating: 'Terminating',
} as const;

export type HealthState = keyof typeof HEALTH_STATES;

/** Why a pod does not get ready, worst first: where several hold, the first one is told. */
export const POD_REASONS = {
  /** An image cannot be pulled. */
  ImagePull: 'ImagePull',
  /** A container cannot be made, for example because its Secret is missing. */
  ConfigError: 'ConfigError',
  /** A container exits again and again. */
  CrashLoop: 'CrashLoop',
  /** A container was killed for its memory, and is started again. */
  OOMKilled: 'OOMKilled',
  /** No node takes the pod. */
  Unschedulable: 'Unschedulable',
  /** A container runs and its probes do not pass. */
  NotReady: 'NotReady',
  /** The pod ended, for example by eviction. */
  PodFailed: 'PodFailed',
} as const;

export type PodReason = keyof typeof POD_REASONS;

/** What one object's own fields say about it. */
export interface Health {
  readonly state: HealthState;
  /** A stable CamelCase word, for example `ImagePull`, `CrashLoop`, `Unschedulable`, `LessReplicas`; empty when Current. */
  readonly reason: string;
  /** One sentence for a person, for example `1 of 3 replicas ready; pod p-0: CrashLoopBackOff (exit code 137)`. */
  readonly message: string;
  /** When the verdict can turn by time alone: in how many milliseconds. */
  readonly lookAgainMs?: number;
  /** Pods of a former template go on though it is Current: behind a partition, or in the jobs of a CronJob. */
  readonly lags?: true;
  /** It has done what it was for and goes by itself, as a complete Job with a TTL: when it is gone it is not made again. */
  readonly spent?: true;
}

/** Why the pods of a workload are not made, as its controller's events say. */
export interface RefusedPods {
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly since: number | undefined;
}

/** What an object does not say about itself. */
export interface HealthOptions {
  /** Of a workload that lacks pods. */
  readonly refusedPods?: RefusedPods;
  /** Milliseconds since the epoch. Without it nothing is ever beyond its grace. */
  readonly now?: number;
  /** For a claim: its StorageClass binds when a pod first uses it, so Pending is as far as it gets before that. */
  readonly waitForFirstConsumer?: boolean;
  /**
   * For an Ingress: it is not Current before it has an address. Many controllers never write one.
   *
   * @defaultValue `false`
   */
  readonly requireIngressAddress?: boolean;
}

/** Judges an object; `pods` are the pods of a workload, where they are known. */
export type HealthRule = (object: Manifest, pods: readonly Manifest[], options: HealthOptions) => Health;

export function current(message: string): Health {
  return { state: 'Current', reason: '', message };
}

/** Current, with pods of a former template. */
export function lagging(health: Health): Health {
  return { ...health, lags: true };
}

export function inProgress(reason: string, message: string): Health {
  return { state: 'InProgress', reason, message };
}

export function failed(reason: string, message: string): Health {
  return { state: 'Failed', reason, message };
}

export function suspended(message: string): Health {
  return { state: 'Suspended', reason: 'Paused', message };
}
