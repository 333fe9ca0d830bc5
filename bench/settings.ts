/** What a run measures. */
export interface Settings {
  /** How many resources are installed at once. */
  readonly sizes: readonly number[];
  readonly rounds: number;
  readonly phases: readonly PhaseName[];
  readonly contenders: readonly ContenderName[];
  readonly idleSeconds: number;
  /** Where each measurement goes as a line of JSON. */
  readonly out?: string;
  /** Where our operator writes a CPU profile. */
  readonly profile?: string;
}

export const PHASES = ['install', 'idle', 'upgrade', 'drift', 'delete'] as const;
export type PhaseName = (typeof PHASES)[number];

export const CONTENDERS = ['ours', 'peer'] as const;
export type ContenderName = (typeof CONTENDERS)[number];

/** From this many resources on, each has one node and not four. */
export const MANY = 100;
