import type { RolloutPolicy } from '../api/operator.ts';
import type { TimeLimits } from '../api/time-limits.ts';
import { DEFAULT_TIME_LIMITS } from '../api/time-limits.ts';
import { policyDuration } from './durations.ts';

/** At most a day: what takes longer is to be asked for, and looked after by a gate. */
const LONGEST_LIMIT_MS = 24 * 60 * 60 * 1_000;

/** @throws InvalidResource naming the field. */
export function timeLimitsIn({ timeLimits = {} }: RolloutPolicy): Readonly<Record<keyof TimeLimits, number>> {
  const { gate, hook, onDelete, routine } = { ...DEFAULT_TIME_LIMITS, ...timeLimits };
  const limit = (text: string, name: keyof TimeLimits): number =>
    policyDuration(text, `rollout.timeLimits.${name}`, { leastMs: 1, mostMs: LONGEST_LIMIT_MS });
  return {
    gate: limit(gate, 'gate'),
    hook: limit(hook, 'hook'),
    onDelete: limit(onDelete, 'onDelete'),
    routine: limit(routine, 'routine'),
  };
}
