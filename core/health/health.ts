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

/** What one object's own fields say about it. */
export interface Health {
  readonly state: HealthState;
  /** A stable CamelCase word, for example `ImagePull`, `CrashLoop`, `Unschedulable`, `LessReplicas`; empty when Current. */
  readonly reason: string;
  /** One sentence for a person, for example `1 of 3 replicas ready; pod p-0: CrashLoopBackOff (exit code 137)`. */
  readonly message: string;
}

/** Judges an object; `pods` are the pods of a workload, where they are known. */
export type HealthRule = (object: Manifest, pods: readonly Manifest[]) => Health;
