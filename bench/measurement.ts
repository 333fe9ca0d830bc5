import type { Cost } from './meter.ts';
import type { ContenderName } from './settings.ts';

/** One contender, alone on a fresh control plane, with so many resources. Plain JSON. */
export interface Measurement {
  readonly contender: ContenderName;
  readonly resources: number;
  readonly round: number;
  /** Of the machine, before anything of this measurement ran: what others do. */
  readonly loadBefore: number;
  readonly times: readonly PhaseTime[];
  /** By name of the phase. */
  readonly costs: Readonly<Record<string, Cost>>;
  readonly idle?: Idle;
  readonly usage: Readonly<Record<string, Usage>>;
  readonly histories?: Histories;
  /** What kept it from coming to its end; what was measured before counts. */
  readonly trouble?: string;
}

/** Seconds from the first request of a phase until a resource has come to its end. */
export interface PhaseTime {
  readonly phase: string;
  readonly median: number;
  readonly last: number;
}

/** What an operator did when it had nothing to do. */
export interface Idle {
  readonly seconds: number;
  readonly reads: number;
  readonly writes: number;
  /** New history events, over all workflows. */
  readonly historyEvents: number;
}

/** Of one process, over its life. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly peakMb: number;
}

export interface Histories {
  /** Events of the longest history after the install. */
  readonly install?: number;
  /** Events that the upgrade added, at most. */
  readonly upgrade?: number;
  readonly state?: StateSize;
  /** Planted words that were found in a history, and of how many histories. */
  readonly leaks: readonly string[];
  readonly searched: number;
}

/** The state that a workflow hands to its next run. */
export interface StateSize {
  readonly objects: number;
  readonly bytes: number;
  /** The part that grows with the number of objects, for each. */
  readonly bytesPerObject: number;
}
