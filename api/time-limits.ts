/** How long a function that an author wrote may take. One that takes longer is given up, and called again later. */
export interface TimeLimits {
  /** Each time it is asked. @defaultValue `'30 seconds'` */
  readonly gate?: string;
  /** Each attempt. @defaultValue `'10 minutes'` */
  readonly hook?: string;
  /** Each attempt. @defaultValue `'10 minutes'` */
  readonly onDelete?: string;
  /** Each run. @defaultValue `'1 minute'` */
  readonly routine?: string;
}

export const DEFAULT_TIME_LIMITS: Required<TimeLimits> = Object.freeze({
  gate: '30 seconds',
  hook: '10 minutes',
  onDelete: '10 minutes',
  routine: '1 minute',
});
